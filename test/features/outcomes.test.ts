import { specify } from "./specify.ts";

specify("outcomes.feature");
