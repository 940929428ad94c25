import { specify } from "./specify.ts";

specify("webhooks.feature");
