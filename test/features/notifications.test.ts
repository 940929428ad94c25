import { specify } from "./specify.ts";

specify("notifications.feature");
