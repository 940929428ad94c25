import * as z from "zod";
import type { SessionProfile } from "./ports.ts";

/** What is fixed about a session when it is accepted, beyond its record. */
export interface SessionPlan {
  readonly profile: SessionProfile;
  /** From the hand-over on; undefined means that the session may run for ever. */
  readonly timeoutMs?: number | undefined;
  /** What the console log may have, in bytes. */
  readonly logLimitBytes: number;
}

/** A plan as the open index keeps it: no credential's value is part of it. */
export const sessionPlanSchema = z.object({
  profile: z.object({
    name: z.string(),
    baseImage: z.string(),
    command: z.array(z.string()),
    repo: z.string().optional(),
    ref: z.string().optional(),
    timeoutMs: z.number().optional(),
    graceMs: z.number(),
    pull: z.enum(["missing", "always", "never"]),
    methodologyDir: z.string().optional(),
    repoTokenSource: z.string().optional(),
    mounts: z.array(
      z.object({
        source: z.string(),
        target: z.string(),
        readOnly: z.boolean(),
        relabel: z.enum(["none", "shared", "private"]),
      }),
    ),
    memoryBytes: z.number().optional(),
    cpus: z.number().optional(),
    pids: z.number().optional(),
    network: z.enum(["private", "none", "host"]),
    env: z.record(z.string(), z.string()),
    credentials: z.array(z.object({ name: z.string(), source: z.string() })),
  }),
  timeoutMs: z.number().optional(),
  logLimitBytes: z.number(),
}) satisfies z.ZodType<SessionPlan>;
