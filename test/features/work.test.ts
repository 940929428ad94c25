import { specify } from "./specify.ts";

specify("work.feature");
