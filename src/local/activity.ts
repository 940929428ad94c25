/** What a session's command does now, as far as this host and the gateway can tell. */
import type { JobActivity } from "../sessions/port/executor.ts";
import type { NetworkOfJob } from "../sessions/port/session-network.ts";
import type { LocalParts } from "./parts.ts";

/** As `Executor.activity`. */
export async function activityOf(
  { engine, network }: Pick<LocalParts, "engine" | "network">,
  { sessionId, profile }: Pick<NetworkOfJob, "sessionId" | "profile">,
  containerId: string,
): Promise<JobActivity> {
  return {
    cpuSeconds: await engine.live.cpuSeconds(containerId).catch(() => undefined),
    llm: profile.llm === undefined ? undefined : await network.llmActivity(sessionId),
  };
}
