import { specify } from "./specify.ts";

specify("doctor.feature");
