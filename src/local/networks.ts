/** The network of a session that the gateway serves, from the container's start to its end. */
import { setTimeout as delay } from "node:timers/promises";
import { Backoff } from "../backoff.ts";
import { sentence } from "../errors.ts";
import type {
  ClosedNetwork,
  NetworkOfJob,
  NetworkOptions,
  ReasonOfFailure,
} from "../sessions/port/session-network.ts";
import type { LocalParts } from "./parts.ts";
import type { Preparation } from "./preparation.ts";

/** Pauses before a network is tried again that an earlier daemon has opened. */
const REOPENS = { firstMs: 500, longestMs: 30_000 };

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
  await preparing.during("opening its network", () => open(parts, job, containerId, signal));
  signal.throwIfAborted();
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
  if (job.profile.llm !== undefined) void watchVerdict(parts, job.sessionId, onChange, signal);
  if (isEarlierDaemons) await takeOver(parts, job, containerId, { signal, onChange });
}

/** Opens a network that may be open already, again and again until it succeeds. */
async function takeOver(
  parts: LocalParts,
  job: NetworkOfJob,
  containerId: string,
  { signal, onChange }: Pick<NetworkOptions, "signal" | "onChange">,
): Promise<void> {
  const backoff = new Backoff(REOPENS);
  let isLost = false;
  while (!signal.aborted) {
    try {
      const opened = await open(parts, job, containerId, signal);
      if (opened === "new" || (opened === "known" && isLost)) onChange({ kind: "restored" });
      return;
    } catch (error) {
      if (!isLost) onChange({ kind: "lost", why: sentence(error) });
      isLost = true;
    }
    await delay(backoff.next(), undefined, { signal }).catch(() => undefined); // The command has ended.
  }
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

/** As `Executor.reasonOfFailure`. */
export async function reasonOfFailure(
  { network }: LocalParts,
  { sessionId, profile }: NetworkOfJob,
): Promise<ReasonOfFailure | undefined> {
  return profile.llm === undefined ? undefined : await network.verdictOfFailure(sessionId);
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

/** Whether it was not open, or was; `ended` where there is nothing to open any more. */
type Opened = "new" | "known" | "ended";

async function open(
  { engine, network }: LocalParts,
  { sessionId, profile, egressPath, llmPath }: NetworkOfJob,
  containerId: string,
  signal: AbortSignal,
): Promise<Opened> {
  const process = await engine.firstProcess(containerId);
  if (process === undefined || signal.aborted) return "ended";
  try {
    return (await network.open({ sessionId, profile, process, egressPath, llmPath })) ? "new" : "known";
  } catch (error) {
    if ((await engine.firstProcess(containerId)) === undefined) return "ended";
    throw error;
  }
}
