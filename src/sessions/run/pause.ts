/** Makes the command of a session stand still, and go on. */
import { AgentdError, sentence } from "../../errors.ts";
import type { SessionParts } from "../parts/session-parts.ts";
import { notRunning } from "./not-running.ts";

/**
 * Pauses a session; one that is paused stays so. It is journaled before anything stands still.
 *
 * @throws AgentdError `session_not_running`, `pause_refused`, `pause_failed`; then nothing stands still.
 */
export async function pause(parts: SessionParts): Promise<void> {
  const { host, standing, live, pauses, orders, record } = parts;
  const tried = "pause session";
  await pauses.inTurn(async () => {
    const { running } = live;
    if (running === undefined) throw notRunning(tried, record.id, standing.state);
    if (orders.taken !== undefined) throw notRunning(tried, record.id, "finishing");
    if (pauses.isPaused) return;
    const uptimeMs = host.clock.uptime();
    requireTimeLeft(parts, uptimeMs);
    await standing.note("paused", { uptime_ms: uptimeMs });
    pauses.begin(uptimeMs, new Date(host.clock.now()).toISOString());
    await host.failpoints.reach("pause_journaled");
    await standStill(parts, running.ref);
    await host.failpoints.reach("paused");
  });
}

/**
 * Continues a paused session; one that is not paused goes on as it does. It is journaled once everything goes on.
 *
 * @param why for the journal; undefined: the operator wants it.
 * @throws AgentdError `session_not_running`, `pause_failed`; then it is still paused.
 */
export async function resume(parts: SessionParts, why?: string): Promise<void> {
  const { host, standing, live, pauses, record } = parts;
  await pauses.inTurn(async () => {
    const { running } = live;
    if (running === undefined) throw notRunning("resume session", record.id, standing.state);
    if (!pauses.isPaused) return;
    await host.executor.resume(running.ref);
    await host.failpoints.reach("resumed");
    await noteResumed(parts, why);
    await host.failpoints.reach("resume_journaled");
  });
}

/** Continues a paused session so that it can be ended: a process that stands still hears no signal. Does not reject. */
export async function wake(parts: SessionParts, signal: AbortSignal): Promise<void> {
  // A pause may be under way: it ends first.
  await parts.standing.untilItSucceeds(() => resume(parts, "the session is ended"), signal);
}

/** Has a session stand still again that an earlier daemon has paused. Does not reject. */
export async function pauseAgain(parts: SessionParts, ref: string): Promise<void> {
  const { pauses, orders, log } = parts;
  await pauses
    .inTurn(async () => {
      if (pauses.isPaused && orders.taken === undefined) await standStill(parts, ref);
    })
    .catch((error: unknown) => log.error({ error }, "a paused session goes on"));
}

/** @throws AgentdError `pause_failed`, once everything goes on again and the journal says so. */
async function standStill(parts: SessionParts, ref: string): Promise<void> {
  const { executor } = parts.host;
  try {
    await executor.pause(ref);
  } catch (error) {
    await executor.resume(ref).catch(() => undefined); // The pause's failure is the one that counts.
    await noteResumed(parts, sentence(error));
    throw error;
  }
}

async function noteResumed({ host, standing, pauses }: SessionParts, why: string | undefined): Promise<void> {
  const uptimeMs = host.clock.uptime();
  try {
    await standing.note("resumed", { uptime_ms: uptimeMs, ...(why === undefined ? {} : { why }) });
  } finally {
    // Its processes go on, whatever the journal can take.
    pauses.end(uptimeMs);
  }
}

function requireTimeLeft({ plan, pauses, record }: SessionParts, uptimeMs: number): void {
  const { pauseMaxMs = 0 } = plan;
  if (pauses.pausedMs(uptimeMs) < pauseMaxMs) return;
  throw new AgentdError("pause_refused", {
    tried: `pause session ${record.id}`,
    why:
      pauseMaxMs === 0
        ? "it was accepted by a version of agentd that could not pause sessions"
        : `it was paused for ${pauseMaxMs / 1000} s in all, which is daemon.pause_max`,
    next: "Stop it with `agentd stop`, or let it run.",
  });
}
