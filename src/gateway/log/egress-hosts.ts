/** The hosts of a summary, as `session.json` has them. */
import type { Egress } from "../../session-document.ts";
import type { Verdict } from "./egress-line.ts";
import type { EgressSummary, HostSummary } from "./egress-summary.ts";

/** Counters of hosts beyond `EgressLog`'s bound on them have this host. */
export const OTHER_HOSTS = "(other hosts)";

/** How many hosts of each kind a session's document names. */
const MOST_HOSTS = 100;

/** The hosts that a session reached and those that it was denied. Requests that name no host are in neither. */
export function egressOf({ hosts }: EgressSummary): Egress {
  const named = (verdict: Verdict): string[] => {
    const ofVerdict = hosts.filter((each) => each.verdict === verdict);
    return [...new Set(ofVerdict.filter(({ host }) => host !== "" && host !== OTHER_HOSTS).map(hostText))];
  };
  const [allowed, denied] = [named("allowed"), named("denied")];
  return {
    allowed: allowed.slice(0, MOST_HOSTS),
    denied: denied.slice(0, MOST_HOSTS),
    allowed_count: allowed.length,
    denied_count: denied.length,
  };
}

/** A host and its port. */
export function hostText({ host, port }: Pick<HostSummary, "host" | "port">): string {
  if (port === null) return host;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
