import { specify } from "./specify.ts";

specify("home.feature");
