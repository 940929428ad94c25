import { specify } from "./specify.ts";

specify("credentials.feature");
