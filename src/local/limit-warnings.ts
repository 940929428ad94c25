import { DEFAULT_PIDS } from "../podman/containers/container-spec.ts";
import type { LimitName } from "../podman/host/host-features.ts";
import type { Profile } from "../profile/profile.ts";

/** Warns about a limit that the profile asks for, and not about a default of ours. */
export function warningsOfLimits(profile: Profile, unenforced: readonly LimitName[]): string[] {
  const pids = profile.pids === DEFAULT_PIDS ? undefined : profile.pids;
  const asked = { memory: profile.memoryBytes, cpus: profile.cpus, pids };
  const missed = unenforced.filter((limit) => asked[limit] !== undefined);
  return missed.length === 0
    ? []
    : [`This host cannot limit ${missed.join(", ")}; the session runs without.`];
}
