import { specify } from "./specify.ts";

specify("schedule.feature");
