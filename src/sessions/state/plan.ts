/**
 * What a session is accepted with and keeps to its end, in any daemon. The open index holds it. Unknown keys are
 * refused, so that no rule of a profile is lost on the way.
 */
import * as z from "zod";
import { type Profile, profileSchema } from "../../profile/profile.ts";

/** A plan as the open index keeps it: no credential's value is part of it. */
export const sessionPlanSchema = z
  .strictObject({
    profile: profileSchema,
    /** From the opening of the gate on; undefined: no limit. */
    timeoutMs: z.number().optional(),
    /** The limit of the console log, in bytes. */
    logLimitBytes: z.number(),
    /** How long it may be paused in all; undefined: an earlier version accepted it, and it cannot be paused. */
    pauseMaxMs: z.number().optional(),
  })
  .readonly();

/** What is fixed about a session when it is accepted, beyond its record. */
export type SessionPlan = z.output<typeof sessionPlanSchema>;

/** Whether the session runs on another machine. */
export function isPlaced({ profile }: Pick<SessionPlan, "profile">): boolean {
  return profile.placement !== "local";
}

/**
 * What of a profile a session keeps. Its request is in the record, and need not be in the plan too; nor need those of its schedules
 * and webhooks.
 */
export function plannedProfile(written: Profile): Profile {
  const { request: _request, ...rest } = written;
  return { ...rest, schedules: [], webhooks: [] };
}

/**
 * The plan that the open index holds.
 *
 * @throws Error that names the unknown or missing keys: the session is then left as it is.
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
