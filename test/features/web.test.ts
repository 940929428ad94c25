import { specify } from "./specify.ts";

specify("web.feature");
