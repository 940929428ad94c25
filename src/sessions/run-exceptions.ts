import { AgentdError } from "../errors.ts";
import type { Profile } from "../profile/profile.ts";
import { expired, recordedExceptions } from "../profile/weakened.ts";
import type { Exception } from "../session-document.ts";

/**
 * The rules of hardening that a session of this profile runs without.
 *
 * @throws AgentdError `exception_expired` when the profile has an exception that it needs, and that holds no more.
 */
export function exceptionsOf(profile: Profile, nowMs: number): Exception[] {
  const over = expired(profile, nowMs);
  if (over.length === 0) return recordedExceptions(profile);
  const each = over.map(
    ({ rule, exception }) => `${rule.code} ${rule.name} has held until ${exception?.until}`,
  );
  throw new AgentdError("exception_expired", {
    tried: `run a session of profile ${JSON.stringify(profile.name)}`,
    why: `an exception that it needs is over: ${each.join("; ")}`,
    next: "Remove what the exception allows from the profile, or give the exception a later date, and reload the daemon.",
  });
}
