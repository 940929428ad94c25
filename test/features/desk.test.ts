import { specify } from "./specify.ts";

specify("desk.feature");
