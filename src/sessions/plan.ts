/**
 * What a session is accepted with and keeps to its end, in whatever daemon. One schema: the types are derived from it, it
 * is what the open index holds, and what it does not know is refused, so that no rule of a profile is lost on the way.
 */
import * as z from "zod";

const mountSchema = z
  .strictObject({
    source: z.string(),
    target: z.string(),
    readOnly: z.boolean(),
    relabel: z.enum(["none", "shared", "private"]),
  })
  .readonly();

const credentialSchema = z.strictObject({ name: z.string(), source: z.string() }).readonly();

/**
 * A profile as the configuration has it, durations in milliseconds and sizes in bytes. A key that is added later is
 * optional: plans that an earlier version has written do not have it.
 */
const profileSchema = z
  .strictObject({
    name: z.string(),
    baseImage: z.string(),
    pull: z.enum(["missing", "always", "never"]),
    command: z.array(z.string()).readonly(),
    /** Undefined: the run names one. */
    repo: z.string().optional(),
    /** Undefined: the server's default branch. */
    ref: z.string().optional(),
    /** Variable of the daemon's environment with the token to clone with; undefined: none. */
    repoTokenSource: z.string().optional(),
    /** Directory on the host for `/agentd/methodology`; undefined: none. */
    methodologyDir: z.string().optional(),
    /** Undefined: the session may run for ever. */
    timeoutMs: z.number().optional(),
    /** Between SIGTERM and SIGKILL, where whoever ends the session does not say. */
    graceMs: z.number(),
    network: z.enum(["private", "none", "host"]),
    /** Undefined: no limit. */
    memoryBytes: z.number().optional(),
    /** Cores, may be a fraction; undefined: no limit. */
    cpus: z.number().optional(),
    /** Processes and threads; undefined: the engine room's default. */
    pids: z.number().optional(),
    env: z.record(z.string(), z.string()).readonly(),
    /** No value of a credential is part of a plan. */
    credentials: z.array(credentialSchema).readonly(),
    mounts: z.array(mountSchema).readonly(),
    // When the profile runs, which a session that was accepted does not ask any more.
    schedule: z.string().optional(),
    timezone: z.string().optional(),
    missed: z.enum(["skip", "once"]).optional(),
    catchupWindowMs: z.number().optional(),
    overlap: z.enum(["allow", "skip", "queue"]).optional(),
    jitterMs: z.number().optional(),
    maxSessions: z.number().optional(),
  })
  .readonly();

export const sessionPlanSchema = z
  .strictObject({
    profile: profileSchema,
    /** From the opening of the gate on; undefined: the session may run for ever. */
    timeoutMs: z.number().optional(),
    /** What the console log may have, in bytes. */
    logLimitBytes: z.number(),
  })
  .readonly();

/** What is fixed about a session when it is accepted, beyond its record. */
export type SessionPlan = z.infer<typeof sessionPlanSchema>;

/** A profile as its sessions are accepted with it. */
export type SessionProfile = SessionPlan["profile"];

/**
 * The plan that the open index holds.
 *
 * @throws Error that names what this version does not know or misses: the session is left as it is then.
 */
export function readPlan(value: unknown): SessionPlan {
  const read = sessionPlanSchema.safeParse(value);
  if (read.success) return read.data;
  const problems = read.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`,
  );
  throw new Error(
    `this version of agentd cannot go on with its plan (${problems.join("; ")}). Start the version that accepted it, or a later one.`,
  );
}
