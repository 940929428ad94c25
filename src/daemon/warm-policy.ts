/** When this daemon has containers wait for sessions, as its configuration says now. */
import { isDeepStrictEqual } from "node:util";
import type { WarmPolicy } from "../local/warm-ports.ts";
import type { Profile } from "../profile/profile.ts";
import type { Admission } from "../sessions/queue/admission.ts";
import { plannedProfile } from "../sessions/state/plan.ts";
import type { CurrentConfig } from "./configuration/current-config.ts";
import { isMemoryShort } from "./memory-shortage.ts";

export function warmPolicy(
  current: Pick<CurrentConfig, "config" | "profile">,
  admission: Pick<Admission, "hasWaiting">,
): WarmPolicy {
  return {
    most: () => {
      const { warm, maxSessions } = current.config.daemon;
      return Math.min(warm ?? maxSessions, maxSessions);
    },
    isCurrent: (profile) => {
      const written = current.profile(profile.name);
      return written !== undefined && isDeepStrictEqual(asJson(plannedProfile(written)), asJson(profile));
    },
    hasQueue: () => admission.hasWaiting,
    isMemoryShort,
  };
}

/** Keys without a value may be there or not. */
function asJson(profile: Profile): unknown {
  return JSON.parse(JSON.stringify(profile));
}
