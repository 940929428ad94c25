import { specify } from "./specify.ts";

specify("remote.feature");
