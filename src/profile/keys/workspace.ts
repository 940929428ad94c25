/** What `~/repo` has when a session of a profile starts. */
import * as z from "zod";
import { globFault } from "../../path-globs.ts";
import { path, rule, size } from "../rules/field-rules.ts";
import { sizeBytes } from "../rules/sizes.ts";
import { key, parsed, plain, shown } from "./key.ts";

const WORKSPACES = z.enum(["clone", "empty", "directory"]);
const DEFAULT_LIMIT = "2g";
const MOST_GLOBS = 1_000;

export const WORKSPACE = {
  workspace: shown(
    "workspace",
    plain(
      "workspace",
      WORKSPACES.default("clone"),
      WORKSPACES.default("clone").describe(
        "What ~/repo has when a session starts: a clone of repo, nothing, or a copy of directory.",
      ),
    ),
  ),
  directory: shown(
    "directory",
    key(
      "directory",
      path().optional().describe('Directory on the host to copy, with workspace = "directory".'),
      z.string().optional(),
      (written, fromFile) => (written === undefined ? undefined : fromFile(written)),
    ),
  ),
  ignore: plain(
    "ignore",
    z.array(z.string()).readonly().default([]),
    z
      .array(z.string().superRefine(rule(globFault)))
      .max(MOST_GLOBS, `must not be more than ${MOST_GLOBS} globs`)
      .default([])
      .describe("Globs of what is not copied from directory."),
  ),
  directory_limit: key(
    "directoryLimitBytes",
    size()
      .optional()
      .describe(
        `Maximum size of what is copied from directory; a larger one fails the session. Default: ${DEFAULT_LIMIT}.`,
      ),
    z.int().default(parsed(DEFAULT_LIMIT, sizeBytes)),
    (written) => parsed(written ?? DEFAULT_LIMIT, sizeBytes),
  ),
};
