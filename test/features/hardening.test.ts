import { specify } from "./specify.ts";

specify("hardening.feature");
