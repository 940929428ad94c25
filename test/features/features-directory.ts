import { resolve } from "node:path";

/** Where the feature files are. */
export const FEATURES_DIRECTORY = resolve(import.meta.dirname, "../../features");
