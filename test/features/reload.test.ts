import { specify } from "./specify.ts";

specify("reload.feature");
