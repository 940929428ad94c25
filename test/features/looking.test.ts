import { specify } from "./specify.ts";

specify("looking.feature");
