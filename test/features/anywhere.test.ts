import { specify } from "./specify.ts";

specify("anywhere.feature");
specify("anywhere.feature", { over: "https" });
