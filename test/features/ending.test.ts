import { specify } from "./specify.ts";

specify("ending.feature");
