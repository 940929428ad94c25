import { specify } from "./specify.ts";

specify("refused.feature");
