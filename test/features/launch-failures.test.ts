import { specify } from "./specify.ts";

specify("launch-failures.feature");
