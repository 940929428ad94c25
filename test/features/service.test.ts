import { specify } from "./specify.ts";

specify("service.feature");
