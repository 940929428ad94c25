import { specify } from "./specify.ts";

specify("machines.feature");
