/** What an operator should know of a profile with an allowlist that is accepted all the same. */
import type { AllowEntry } from "../../gateway/rules/allow-entry.ts";
import type { Profile } from "../../profile/profile.ts";

/** The keys of a profile that this is about. */
export interface AllowlistKeys {
  readonly network: string;
  readonly allow?: readonly AllowEntry[] | undefined;
  readonly env: Profile["env"];
}

/** Whether sessions of a profile reach the network through the gateway. */
export function hasAllowlist({ network }: Pick<AllowlistKeys, "network">): boolean {
  return network === "allowlist";
}

/** Whether sessions of a profile need the gateway: for an allowlist, or for language models. */
export function needsGateway(profile: Pick<Profile, "network" | "llm">): boolean {
  return hasAllowlist(profile) || profile.llm !== undefined;
}

/** Warnings, each a sentence without a full stop; none for a profile without an allowlist. */
export async function networkWarnings(profile: AllowlistKeys): Promise<string[]> {
  if (!hasAllowlist(profile)) return [];
  const [{ allowWarnings }, { networkEnvironment }] = await Promise.all([
    import("../../gateway/rules/allow-warnings.ts"),
    import("../../gateway/rules/environment.ts"),
  ]);
  const ours = networkEnvironment();
  const replaced = Object.entries(profile.env)
    .filter(([name, value]) => Object.hasOwn(ours, name) && ours[name] !== value)
    .map(([name]) => `env.${name} replaces agentd's own value: programs that read it may reach nothing`);
  return [...allowWarnings(profile.allow ?? []).map((text) => `allow: ${text}`), ...replaced];
}
