import { specify } from "./specify.ts";

specify("recovery.feature");
