/** The clocks of a command: its deadline, which stands still while it is paused, and the end of a pause. */
import type { SessionParts } from "../parts/session-parts.ts";
import { sleepUntil } from "../port/sleep.ts";
import { resume } from "./pause.ts";

/**
 * Ends the command when its time is up.
 *
 * @param openedUptimeMs what `Clock.uptime` showed when its gate opened.
 */
export function watchDeadline(parts: SessionParts, openedUptimeMs: number, signal: AbortSignal): void {
  const { host, plan, orders, pauses, log } = parts;
  const { timeoutMs, profile } = plan;
  if (timeoutMs === undefined) return;
  const leftMs = (): number => {
    const uptimeMs = host.clock.uptime();
    return pauses.isPaused ? Infinity : timeoutMs - (uptimeMs - openedUptimeMs - pauses.pausedMs(uptimeMs));
  };
  const ended = async (): Promise<void> => {
    if (!(await runsOut(parts, leftMs, signal))) return;
    const cause = `ran longer than ${timeoutMs / 1000} s`;
    await orders.give({ outcome: "timed_out", cause, graceMs: profile.graceMs });
  };
  ended().catch((error: unknown) => log.warn({ error }, "cannot journal a passed deadline"));
}

/** Continues the command when it was paused for as long as it may be, all pauses together. */
export function watchPauses(parts: SessionParts, signal: AbortSignal): void {
  const { host, plan, pauses, standing, log } = parts;
  const { pauseMaxMs = 0 } = plan;
  const leftMs = (): number =>
    pauses.isPaused ? pauseMaxMs - pauses.pausedMs(host.clock.uptime()) : Infinity;
  const ended = async (): Promise<void> => {
    if (!(await runsOut(parts, leftMs, signal))) return;
    log.warn("the session was paused for as long as daemon.pause_max allows, and goes on");
    await standing.untilItSucceeds(() => resume(parts, "daemon.pause_max has passed"), signal);
  };
  ended().catch((error: unknown) => log.error({ error }, "cannot watch the pauses of the session"));
}

/**
 * Waits until nothing is left of a time that stands still, or runs, as the session is paused or not.
 *
 * @param leftMs of it as of now; `Infinity` while it stands still.
 * @returns false when the signal came first.
 */
async function runsOut(
  { host: { clock }, pauses }: SessionParts,
  leftMs: () => number,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    const { untilChange } = pauses;
    const left = leftMs();
    const until = { clock, signal: AbortSignal.any([signal, untilChange]) };
    if (await sleepUntil(clock.monotonic() + left, until)) return true;
  }
  return false;
}
