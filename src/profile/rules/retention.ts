/** How long records are kept: for all profiles, and for one. */
import * as z from "zod";
import { ageMs } from "./durations.ts";
import { age, type Context, size } from "./field-rules.ts";
import { sizeBytes } from "./sizes.ts";

const COUNT_RULE = "must be a whole number from 1 to 1000000";

/** As it is written. */
export const writtenRetention = z
  .strictObject({
    keep: age().optional().describe("Age from which sealed records are removed. Default: any age stays."),
    keep_min: z
      .int(COUNT_RULE)
      .min(1, COUNT_RULE)
      .max(1_000_000, COUNT_RULE)
      .default(1)
      .describe("Number of the profile's newest records that stay in any case."),
    max_bytes: size()
      .optional()
      .describe(
        "Disk space of the profile's records beyond which the oldest are removed. Default: no limit.",
      ),
  })
  .superRefine(saysWhatGoes);

/** What agentd keeps of it. */
export const keptRetention = z
  .strictObject({
    /** Older records go; undefined: age does not matter. */
    keepMs: z.int().optional(),
    /** So many of the newest stay in any case. */
    keepMin: z.int(),
    /** The oldest go while there are more bytes; undefined: no limit. */
    maxBytes: z.int().optional(),
  })
  .readonly();

/** How long the records of a profile stay. */
export type Retention = z.output<typeof keptRetention>;

/** From what was written, which has passed the rules. */
export function toRetention({ keep, keep_min, max_bytes }: z.output<typeof writtenRetention>): Retention {
  return {
    keepMs: keep === undefined ? undefined : ageMs(keep),
    keepMin: keep_min,
    maxBytes: max_bytes === undefined ? undefined : sizeBytes(max_bytes),
  };
}

function saysWhatGoes(
  { keep, max_bytes: most }: { readonly keep?: string | undefined; readonly max_bytes?: string | undefined },
  context: Context,
): void {
  if (keep !== undefined || most !== undefined) return;
  context.addIssue({ code: "custom", message: "must have keep or max_bytes: nothing would be removed" });
}
