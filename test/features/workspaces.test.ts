import { specify } from "./specify.ts";

specify("workspaces.feature");
