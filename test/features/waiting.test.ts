import { specify } from "./specify.ts";

specify("waiting.feature");
