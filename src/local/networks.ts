/** The network of a session that the gateway serves, from the container's start to its end. */
import { sentence } from "../errors.ts";
import type { ClosedNetwork, NetworkOfJob, NetworkOptions } from "../sessions/port/executor.ts";
import type { LocalParts } from "./parts.ts";
import type { Preparation } from "./preparation.ts";

/** Whether a session's network is opened from outside its container. */
export function hasGateway({ profile }: Pick<NetworkOfJob, "profile">): boolean {
  return profile.network === "allowlist" || profile.llm !== undefined;
}

/**
 * Opens the network of a container that waits at its gate. One that has ended gets none: the gate says what became of
 * it.
 *
 * @throws AgentdError `network_failed`, `gateway_unavailable`; the signal's reason.
 */
export async function openNetwork(
  { parts, job, preparing }: Preparation,
  containerId: string,
  signal: AbortSignal,
): Promise<void> {
  if (!hasGateway(job)) return;
  signal.throwIfAborted();
  await preparing.during("opening its network", () => open(parts, job, containerId));
  await parts.failpoints.reach("network_opened");
}

/** As `Executor.followNetwork`. */
export async function followNetwork(
  parts: LocalParts,
  job: NetworkOfJob,
  containerId: string,
  { signal, isEarlierDaemons, onChange }: NetworkOptions,
): Promise<void> {
  if (!hasGateway(job)) return;
  parts.network.follow(job.sessionId, onChange, signal);
  try {
    if (isEarlierDaemons && (await open(parts, job, containerId))) onChange({ kind: "restored" });
  } catch (error) {
    onChange({ kind: "lost", why: sentence(error) });
  }
  if (job.profile.llm !== undefined) void watchVerdict(parts, job.sessionId, onChange, signal);
}

/** Waits until the gateway says that the command has to end. Does not reject. */
async function watchVerdict(
  { network, log }: LocalParts,
  sessionId: string,
  onChange: NetworkOptions["onChange"],
  signal: AbortSignal,
): Promise<void> {
  try {
    const verdict = await network.verdict(sessionId, signal);
    if (verdict === undefined) return;
    onChange({ kind: "over", ...verdict });
  } catch (error) {
    log.error({ error }, "cannot follow what the session uses of language models");
  }
}

/** As `Executor.closeNetwork`. */
export async function closeNetwork(
  { network, failpoints }: LocalParts,
  job: NetworkOfJob,
): Promise<ClosedNetwork | undefined> {
  if (!hasGateway(job)) return undefined;
  const warnings = await network.close(job.sessionId);
  await failpoints.reach("network_closed");
  const reached = await network.reached(job);
  return reached && { ...reached, warnings: [...warnings, ...reached.warnings] };
}

/** Resolves with whether it was not open; with false where the container has ended. */
async function open(
  { engine, network }: LocalParts,
  { sessionId, profile, egressPath, llmPath }: NetworkOfJob,
  containerId: string,
): Promise<boolean> {
  const process = await engine.firstProcess(containerId);
  if (process === undefined) return false;
  try {
    return await network.open({ sessionId, profile, process, egressPath, llmPath });
  } catch (error) {
    if ((await engine.firstProcess(containerId)) === undefined) return false;
    throw error;
  }
}
