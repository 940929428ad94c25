/** What a definition leaves to the gateway in a profile with language models: no key and no model's host is the session's. */
import { llmEnvironment } from "../gateway/rules/llm-environment.ts";
import { isTable } from "../profile/rules/field-rules.ts";
import { DIALECTS, isProviderHost } from "../profile/rules/llm-providers.ts";

type Table = Readonly<Record<string, unknown>>;

/** The variables that the gateway sets with the token of a session. */
const SERVED = new Set(llmEnvironment(DIALECTS, "").keys());

/** The keys of a definition's profile without the credentials of providers and without their hosts. */
export function withoutProviders(profile: Table): Table {
  const { credentials, allow } = profile;
  return {
    ...profile,
    ...(Array.isArray(credentials) ? { credentials: credentials.filter((entry) => !isServed(entry)) } : {}),
    ...(Array.isArray(allow) ? { allow: withoutProviderHosts(allow) } : {}),
  };
}

/** Entries of an allowlist, as they are written, without those of providers' hosts. */
export function withoutProviderHosts(allow: readonly unknown[]): unknown[] {
  return allow.filter((entry) => {
    const host: unknown = isTable(entry) ? entry["host"] : entry;
    return typeof host !== "string" || !isProviderHost(host.replace(/:\d+$/, ""));
  });
}

function isServed(credential: unknown): boolean {
  const name: unknown = isTable(credential) ? credential["name"] : undefined;
  return typeof name === "string" && SERVED.has(name);
}
