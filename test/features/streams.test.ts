import { specify } from "./specify.ts";

specify("streams.feature");
