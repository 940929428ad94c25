/** What the daemon says about the machines on which an engine starts sessions. */
import * as z from "zod";
import type { ErrorCode } from "../errors.ts";
import { OUTCOMES } from "../outcome.ts";

/** A machine, as the engine and the last sessions there show it. */
export const nodeViewSchema = z.strictObject({
  name: z.string(),
  /** The engine's word, such as `idle`; null where the engine does not name the node now. */
  state: z.string().nullable(),
  /** Why it takes no jobs, in the engine's words; null where it says nothing. */
  reason: z.string().nullable(),
  cpus: z.int().nullable(),
  memory_bytes: z.int().nullable(),
  /** Open sessions of this daemon there. */
  sessions: z.int().min(0),
  /** The newest sealed session there, of the newest 200 sessions; null: none of them. */
  last_session: z.string().nullable(),
  last_outcome: z.enum(OUTCOMES).nullable(),
  last_end_timestamp: z.iso.datetime().nullable(),
});

export type NodeView = z.infer<typeof nodeViewSchema>;

const ERRORS: readonly ErrorCode[] = [];

export const NODES_METHOD = {
  summary: "Shows the machines on which sessions can be placed.",
  params: z.strictObject({}),
  result: z.strictObject({
    /** Null without `[placement]`. */
    engine: z.enum(["slurm"]).nullable(),
    /** Why the engine or the channel does not answer; null where nothing is wrong. */
    trouble: z.string().nullable(),
    nodes: z.array(nodeViewSchema),
  }),
  errors: ERRORS,
};
