import { specify } from "./specify.ts";

specify("triggers.feature");
