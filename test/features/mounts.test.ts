import { specify } from "./specify.ts";

specify("mounts.feature");
