import { specify } from "./specify.ts";

specify("record.feature");
