import { specify } from "./specify.ts";

specify("llm.feature");
