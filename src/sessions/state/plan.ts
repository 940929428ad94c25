/**
 * What a session is accepted with and keeps to its end, in whatever daemon. It is what the open index holds, and what it
 * does not know is refused, so that no rule of a profile is lost on the way.
 */
import * as z from "zod";
import { profileSchema } from "../../profile/profile.ts";

/** A plan as the open index keeps it: no credential's value is part of it. */
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
export type SessionPlan = z.output<typeof sessionPlanSchema>;

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
    `this version of agentd cannot continue its plan (${problems.join("; ")}). Start the version that accepted it, or a later version.`,
  );
}
