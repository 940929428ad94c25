/** What a profile says against its agent's definition, and an operator may not have meant. */
import type { Profile } from "../profile/profile.ts";
import { durationMs } from "../profile/rules/durations.ts";
import type { AgentDefinition } from "./agent-definition.ts";

/** Each a sentence without a full stop. */
export function agentWarnings(
  { timeoutMs, network, allow }: Pick<Profile, "timeoutMs" | "network" | "allow">,
  { name, leastTimeout, profile }: AgentDefinition,
): string[] {
  const warnings: string[] = [];
  const leastMs = leastTimeout === undefined ? undefined : durationMs(leastTimeout);
  if (leastMs !== undefined && timeoutMs !== undefined && timeoutMs < leastMs) {
    warnings.push(
      `timeout is shorter than ${leastTimeout}, which ${name} needs to get past an outage of its model`,
    );
  }
  if (network === "allowlist") {
    const allowed = allow.map(hostOf);
    const missing = entriesOf(profile["allow"]).filter(
      (host) => !allowed.includes("*") && !allowed.includes(host),
    );
    if (missing.length > 0) warnings.push(`allow lacks ${missing.join(" and ")}, which ${name} needs`);
  }
  return warnings;
}

function hostOf(entry: Profile["allow"][number]): string {
  return typeof entry === "string" ? entry : entry.host;
}

function entriesOf(allow: unknown): string[] {
  return Array.isArray(allow) ? allow.filter((entry) => typeof entry === "string") : [];
}
