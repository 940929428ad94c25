import type { Ending } from "../outcome.ts";
import { Activities } from "./activities.ts";
import { follow } from "./follow.ts";
import { openGate, prepare } from "./launch.ts";
import type { LaunchContext } from "./launch-context.ts";
import { preparationLimit } from "./preparation-limit.ts";
import type { SessionParts } from "./session-parts.ts";

/**
 * Prepares an admitted session, lets its command go and follows it to its end.
 *
 * @throws LaunchError; the reason of `leaving`.
 */
export async function launchAndFollow(parts: SessionParts): Promise<Ending> {
  const { host, record, standing } = parts;
  const { failpoints, clock, boot } = host;
  await failpoints.reach("admitted");
  // Not durable: after a power cut a session that was preparing begins anew, like one that was queued.
  await standing.enter("preparing", "started", {}, { durable: false });
  using limit = preparationLimit(clock);
  const context = launchContext(parts, limit.signal);
  const prepared = await prepare(context);
  return await follow(parts, prepared.containerId, async ({ exited }) => {
    let openedUptimeMs = 0;
    await openGate(prepared, context, exited, async () => {
      await failpoints.reach("gate_met");
      openedUptimeMs = clock.uptime();
      const start_timestamp = await standing.enter("running", "gate_opened", {
        boot,
        uptime_ms: openedUptimeMs,
      });
      await record.update({ start_timestamp }, { persist: false });
      await failpoints.reach("running_journaled");
    });
    limit[Symbol.dispose]();
    await failpoints.reach("payload_written");
    standing.oweLine("handed_over");
    standing.oweDocument();
    return openedUptimeMs;
  });
}

function launchContext(parts: SessionParts, preparation: AbortSignal): LaunchContext {
  const { host, plan, record, resources, standing, orders, leaving } = parts;
  const { profile, timeoutMs } = plan;
  return {
    ...host,
    profile,
    record,
    resources,
    onRemoving: standing.removing,
    activities: new Activities((line) => (standing.activity = line)),
    lifetimeMs: timeoutMs === undefined ? undefined : timeoutMs + profile.graceMs,
    signal: AbortSignal.any([orders.signal, leaving, preparation]),
  };
}
