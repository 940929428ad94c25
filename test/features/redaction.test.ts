import { specify } from "./specify.ts";

specify("redaction.feature");
