import { specify } from "./specify.ts";

specify("inside.feature");
