import { specify } from "./specify.ts";

specify("queue.feature");
