/** What is remembered of each target between events, and from daemon to daemon. */
import * as z from "zod";
import { NOTICE_KINDS } from "./target.ts";

export const occurrenceSchema = z.object({
  kind: z.enum(NOTICE_KINDS),
  what: z.string(),
  type: z.string(),
  time: z.string(),
  profile: z.string().nullable(),
  session_id: z.string().nullable(),
  title: z.string(),
  why: z.string(),
  look: z.string(),
});

const targetSchema = z.object({
  /** Events up to this one came before the target was there. */
  since_seq: z.int(),
  /** By profile, while it fails. */
  failing: z.record(
    z.string(),
    z.object({
      failures: z.int(),
      /** When it was told last, and that time as text; null: not yet. */
      told_ms: z.number().nullable(),
      told_time: z.string(),
      /** How many sessions failed since. */
      untold: z.int(),
      last: occurrenceSchema,
    }),
  ),
  /** By what was told: for how long repetitions are only counted. */
  folds: z.record(
    z.string(),
    z.object({ until_ms: z.number(), count: z.int(), last: occurrenceSchema.nullable() }),
  ),
  /** The messages of the last minutes. */
  storm: z.object({ since_ms: z.number(), sent: z.int(), held: z.int(), titles: z.array(z.string()) }),
  /** When a message last arrived; null: none has yet. */
  delivered_ms: z.number().nullable(),
  /** The last failure since then; null: there is none. */
  failed: z.object({ at_ms: z.number(), why: z.string() }).nullable(),
  /** Since when the receiver wants nothing any more; null: it does. */
  off_ms: z.number().nullable(),
});

export const memorySchema = z.object({
  schema_version: z.literal(1),
  /** The last event that was looked at. */
  seq: z.int(),
  /** Whether a daemon has started and not said since that it ends; null: neither was seen. */
  daemon_runs: z.boolean().nullable(),
  targets: z.record(z.string(), targetSchema),
});

/** On disk, as JSON. */
export type Memory = z.infer<typeof memorySchema>;
/** Of one target. */
export type TargetMemory = z.infer<typeof targetSchema>;

/** Of a target that begins to listen after an event. */
export function newTargetMemory(sinceSeq: number): TargetMemory {
  return {
    since_seq: sinceSeq,
    failing: {},
    folds: {},
    storm: { since_ms: 0, sent: 0, held: 0, titles: [] },
    delivered_ms: null,
    failed: null,
    off_ms: null,
  };
}
