import { specify } from "./specify.ts";

specify("input.feature");
