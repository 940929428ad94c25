import type { CommandOfJob } from "../sessions/port/executor.ts";
import type { LocalParts } from "./parts.ts";

/**
 * The variables that go through the gate of a session: its credentials and, with language models, where these are. What
 * the profile or the run sets itself replaces the latter.
 *
 * @throws AgentdError `credential_unset` or `credential_invalid`.
 */
export function handedOver(
  { credentials, network }: Pick<LocalParts, "credentials" | "network">,
  { sessionId, profile, env }: Omit<CommandOfJob, "command">,
): ReadonlyMap<string, string> {
  const values = credentials.resolve(profile.credentials);
  if (profile.llm === undefined) return values;
  credentials.requireKeys(profile.llm.providers);
  const ours = [...network.llmVariables(sessionId, profile.llm)].filter(
    ([name]) => !Object.hasOwn(profile.env, name) && !Object.hasOwn(env, name),
  );
  return new Map([...ours, ...values]);
}
