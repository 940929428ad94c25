import { specify } from "./specify.ts";

specify("network.feature");
