import { specify } from "./specify.ts";

specify("daemon.feature");
