import { specify } from "./specify.ts";

specify("publish.feature");
