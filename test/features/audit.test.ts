import { specify } from "./specify.ts";

specify("audit.feature");
