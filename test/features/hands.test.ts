import { specify } from "./specify.ts";

specify("hands.feature");
