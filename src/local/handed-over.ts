import type { Payload } from "../credentials/payload.ts";
import { REQUEST_FILE } from "../input/rules.ts";
import type { CommandOfJob } from "../sessions/port/executor.ts";
import { INPUT_TARGET, type VARIABLES_OF_RUN } from "./container-request.ts";
import type { LocalParts } from "./parts.ts";

/**
 * The secret variables that go through the gate of a session: its credentials and, with language models, where these are.
 * What the profile or the run sets itself replaces the latter.
 *
 * @throws AgentdError `credential_unset` or `credential_invalid`.
 */
export function handedOver(
  { credentials, network }: Pick<LocalParts, "credentials" | "network">,
  { sessionId, profile, env }: Pick<CommandOfJob, "sessionId" | "profile" | "env">,
): ReadonlyMap<string, string> {
  const values = credentials.resolve(profile.credentials);
  if (profile.llm === undefined) return values;
  credentials.requireKeys(profile.llm.providers);
  const ours = [...network.llmVariables(sessionId, profile.llm)].filter(
    ([name]) => !Object.hasOwn(profile.env, name) && !Object.hasOwn(env, name),
  );
  return new Map([...ours, ...values]);
}

/** All that goes through the gate of a session. @param values as `handedOver` gives them. */
export async function payloadOf(job: CommandOfJob, values: ReadonlyMap<string, string>): Promise<Payload> {
  return { variables: new Map([...(await variablesOfRun(job)), ...values]), command: await job.command() };
}

/**
 * The variables that differ between the sessions of a profile. None is secret, and the container does not have them: it may
 * be there before its session is.
 */
export async function variablesOfRun({
  sessionId,
  workUnit,
  env,
  input,
}: Pick<CommandOfJob, "sessionId" | "workUnit" | "env" | "input">): Promise<ReadonlyMap<string, string>> {
  const ofRun: Record<(typeof VARIABLES_OF_RUN)[number], string | undefined> = {
    AGENTD_WORK_UNIT: workUnit ?? undefined,
    AGENTD_REQUEST: await input?.inlineRequest(),
    AGENTD_REQUEST_FILE: input?.hasRequest === true ? `${INPUT_TARGET}/${REQUEST_FILE}` : undefined,
  };
  const set = Object.entries(ofRun).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return new Map([...Object.entries(env), ["AGENTD_SESSION_ID", sessionId], ...set]);
}
