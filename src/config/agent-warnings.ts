/** What a profile says against its agent's definition, and an operator may not have meant. */
import { allowRules } from "../gateway/rules/allow-entry.ts";
import { ruleFor } from "../gateway/rules/policy.ts";
import { parseTarget } from "../gateway/rules/target.ts";
import type { Profile } from "../profile/profile.ts";
import { durationMs } from "../profile/rules/durations.ts";
import type { AgentDefinition } from "./agent-definition.ts";
import { withoutProviderHosts } from "./agent-llm.ts";

/** The keys of a profile that this is about. */
type WarnedKeys = Pick<Profile, "timeoutMs" | "network" | "allow" | "llm" | "mcpServers">;

/** Each a sentence without a full stop. */
export function agentWarnings(
  { timeoutMs, network, allow, llm, mcpServers }: WarnedKeys,
  { name, dialect, leastTimeout, profile }: AgentDefinition,
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
    const missing = entriesOf(profile["allow"], llm !== undefined).filter(
      (host) => !allowed.includes("*") && !allowed.includes(host),
    );
    if (missing.length > 0) warnings.push(`allow lacks ${missing.join(" and ")}, which ${name} needs`);
    warnings.push(...unreachedServers(mcpServers, allow));
  }
  if (llm !== undefined && dialect !== undefined && llm.providers.every((each) => each.dialect !== dialect)) {
    warnings.push(`llm has no provider of the dialect ${JSON.stringify(dialect)}, which ${name} speaks`);
  }
  return warnings;
}

/** Servers elsewhere whose address the allowlist does not open. */
function unreachedServers(servers: WarnedKeys["mcpServers"], allow: WarnedKeys["allow"]): string[] {
  const rules = allowRules(allow);
  return servers.flatMap(({ name, url }) => {
    if (url === undefined || !URL.canParse(url)) return [];
    const { host, protocol } = new URL(url);
    const target = parseTarget(host, protocol === "http:" ? 80 : 443);
    if (target === undefined || ruleFor(target, rules) !== undefined) return [];
    return [`allow lacks ${host}, which the MCP server ${name} is at`];
  });
}

function hostOf(entry: Profile["allow"][number]): string {
  return typeof entry === "string" ? entry : entry.host;
}

/** @param hasGateway whether the gateway reaches the providers for the session. */
function entriesOf(allow: unknown, hasGateway: boolean): string[] {
  if (!Array.isArray(allow)) return [];
  const needed: unknown[] = hasGateway ? withoutProviderHosts(allow) : allow;
  return needed.filter((entry) => typeof entry === "string");
}
