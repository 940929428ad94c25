import type { Ending } from "../../outcome.ts";
import type { SessionParts } from "../parts/session-parts.ts";
import type { Prepared, Preparing } from "../port/executor.ts";
import { follow, type Followed } from "../run/follow.ts";
import { watchNetwork } from "../run/watch-network.ts";
import { Activities } from "../state/activities.ts";
import { isPlaced } from "../state/plan.ts";
import { NO_LIMIT, preparationLimit } from "./preparation-limit.ts";

/**
 * Prepares an admitted session, starts its command and follows it to its end.
 *
 * @throws LaunchError; the reason of `leaving`.
 */
export async function launchAndFollow(parts: SessionParts): Promise<Ending> {
  const { host, standing, orders, leaving, job } = parts;
  await host.failpoints.reach("admitted");
  // Not durable: after a power cut a session that was preparing begins anew, like one that was queued.
  await standing.enter("preparing", "started", {}, { durable: false });
  // On another machine it may wait for days, and is limited there.
  using limit = isPlaced(parts.plan) ? NO_LIMIT : preparationLimit(host.clock);
  const signal = AbortSignal.any([orders.signal, leaving, limit.signal]);
  const prepared = await host.executor.prepare(job, preparing(parts, signal));
  const begin = async (followed: Followed): Promise<void> => {
    watchNetwork(parts, prepared.ref, { isEarlierDaemons: false, signal: followed.signal });
    await letGo(parts, prepared, signal, followed);
    limit[Symbol.dispose]();
    await host.failpoints.reach("payload_written");
    standing.oweLine("handed_over");
    standing.oweDocument();
  };
  return await follow(parts, prepared.ref, begin);
}

function preparing({ standing }: SessionParts, signal: AbortSignal): Preparing {
  const activities = new Activities((line) => (standing.activity = line));
  return { signal, during: (activity, work) => activities.during(activity, work), found: standing.found };
}

/** Hands the credentials over. Before the first byte, the journal says that the session runs. */
async function letGo(
  { host, record, standing }: SessionParts,
  prepared: Prepared,
  signal: AbortSignal,
  { gateOpened, ended }: Followed,
): Promise<void> {
  const { boot, clock, failpoints } = host;
  const onFirstByte = async (): Promise<void> => {
    await failpoints.reach("gate_met");
    const uptimeMs = clock.uptime();
    const start_timestamp = await standing.enter("running", "gate_opened", { boot, uptime_ms: uptimeMs });
    gateOpened(uptimeMs);
    await record.update({ start_timestamp }, { persist: false });
    await failpoints.reach("running_journaled");
  };
  await prepared.begin({ signal, ended, onFirstByte });
}
