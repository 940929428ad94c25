/** The network of a session with an allowlist, from the container's start to its end. */
import { sentence } from "../errors.ts";
import type { ClosedNetwork, NetworkOfJob, NetworkOptions } from "../sessions/port/executor.ts";
import type { LocalParts } from "./parts.ts";
import type { Preparation } from "./preparation.ts";

/** Whether a session's network is opened from outside its container. */
export function hasAllowlist({ profile }: Pick<NetworkOfJob, "profile">): boolean {
  return profile.network === "allowlist";
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
  if (!hasAllowlist(job)) return;
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
  if (!hasAllowlist(job)) return;
  parts.network.follow(job.sessionId, onChange, signal);
  if (!isEarlierDaemons) return;
  try {
    if (await open(parts, job, containerId)) onChange({ kind: "restored" });
  } catch (error) {
    onChange({ kind: "lost", why: sentence(error) });
  }
}

/** As `Executor.closeNetwork`. */
export async function closeNetwork(
  { network, failpoints }: LocalParts,
  job: NetworkOfJob,
): Promise<ClosedNetwork | undefined> {
  if (!hasAllowlist(job)) return undefined;
  const warnings = await network.close(job.sessionId);
  await failpoints.reach("network_closed");
  const reached = await network.reached(job.egressPath);
  return reached && { ...reached, warnings: [...warnings, ...reached.warnings] };
}

/** Resolves with whether it was not open; with false where the container has ended. */
async function open(
  { engine, network }: LocalParts,
  { sessionId, profile, egressPath }: NetworkOfJob,
  containerId: string,
): Promise<boolean> {
  const process = await engine.firstProcess(containerId);
  if (process === undefined) return false;
  try {
    return await network.open({ sessionId, profile, process, egressPath });
  } catch (error) {
    if ((await engine.firstProcess(containerId)) === undefined) return false;
    throw error;
  }
}
