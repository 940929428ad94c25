import { specify } from "./specify.ts";

specify("volumes.feature");
