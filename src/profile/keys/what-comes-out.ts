/** What of a session's files is kept. */
import * as z from "zod";
import { artifactGlobFault, MOST_ARTIFACT_GLOBS } from "../rules/artifact-globs.ts";
import { rule } from "../rules/field-rules.ts";
import { keptRetention, toRetention, writtenRetention } from "../rules/retention.ts";
import { key, plain } from "./key.ts";

const REDACT = z.enum(["seal", "view"]);

export const WHAT_COMES_OUT = {
  artifacts: plain(
    "artifacts",
    z.array(z.string()).readonly().default([]),
    z
      .array(z.string().superRefine(rule(artifactGlobFault)))
      .max(MOST_ARTIFACT_GLOBS, `must have at most ${MOST_ARTIFACT_GLOBS} patterns`)
      .default([])
      .describe(
        "Files to copy into the record when a session has ended: globs in the clone, or in the home with ~/.",
      ),
  ),
  redact: plain(
    "redact",
    REDACT.default("seal"),
    REDACT.default("seal").describe(
      "Where the values of a session's credentials are replaced by their names: with seal also in the sealed console log, with view only where output is shown.",
    ),
  ),
  records: key(
    "records",
    writtenRetention
      .optional()
      .describe("How long sealed records are kept. Default: as daemon.records says.")
      .meta({ type_in_words: "table" }),
    keptRetention.optional(),
    (written) => (written === undefined ? undefined : toRetention(written)),
  ),
};
