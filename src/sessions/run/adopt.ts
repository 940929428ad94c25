import { AgentdError } from "../../errors.ts";
import type { Ending } from "../../outcome.ts";
import type { SessionParts } from "../parts/session-parts.ts";
import type { Beginning } from "../state/beginning.ts";
import { follow, type Followed } from "./follow.ts";
import { pauseAgain } from "./pause.ts";
import { watchNetwork } from "./watch-network.ts";

/**
 * Continues a session whose command an earlier daemon started, as if nothing had happened.
 *
 * @throws LaunchError when its launcher still waits and cannot be given its credentials; the reason of `leaving`.
 */
export async function adopt(parts: SessionParts, left: Beginning & { at: "command" }): Promise<Ending> {
  const { host, standing, log } = parts;
  await host.failpoints.reach("adopting");
  standing.oweLine("adopted", host.daemon);
  const goOn = async (followed: Followed): Promise<void> => {
    followed.gateOpened(left.openedUptimeMs);
    watchNetwork(parts, left.ref, { isEarlierDaemons: true, signal: followed.signal });
    // It runs already, so what an operator does to it need not wait.
    if (left.handedOver) parts.live.begin(left.ref, followed.signal);
    await pauseAgain(parts, left.ref);
    if (!left.handedOver) await finishHandOver(parts, left.ref, followed);
    await standing.settleInTime(followed.signal);
    log.info("session adopted");
    await host.failpoints.reach("adopted");
  };
  return await follow(parts, left.ref, goOn);
}

/** Completes a hand-over after whose beginning nothing was journaled. */
async function finishHandOver(
  { host, job, standing, orders }: SessionParts,
  ref: string,
  followed: Followed,
): Promise<void> {
  const signal = AbortSignal.any([followed.signal, orders.signal]);
  const how = await host.executor.adopt(job, ref, { ended: followed.ended, signal });
  if (how === "unknown") throw nobodyKnows();
  standing.oweLine("handed_over", { how });
  standing.oweDocument();
}

function nobodyKnows(): AgentdError {
  return new AgentdError("launcher_failed", {
    tried: "continue the session",
    why: "its container ended before agentd knew whether its command had received its credentials",
    next: "Check what the command did, and run the session again if that is safe.",
  });
}
