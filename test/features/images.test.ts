import { specify } from "./specify.ts";

specify("images.feature");
