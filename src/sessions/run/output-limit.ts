import { stat } from "node:fs/promises";
import { ifThere } from "../../if-there.ts";
import type { Clock } from "../port/ports.ts";
import { sleepUntil } from "../port/sleep.ts";

/** More than conmon writes in a millisecond, measured at some hundred MB a second. */
const FASTEST_BYTES_PER_MS = 1_000_000;
const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Watches the size of a console log, which conmon writes without any limit of its own.
 *
 * @param limitBytes the limit of the log, conmon's line headers included.
 * @returns true once the log is larger; false when the signal ended the watch.
 */
export async function passesOutputLimit(
  consoleLogPath: string,
  limitBytes: number,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<boolean> {
  let left = limitBytes;
  while (left >= 0) {
    const pauseMs = Math.min(Math.max(left / FASTEST_BYTES_PER_MS, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
    if (!(await sleepUntil(clock.monotonic() + pauseMs, { clock, signal }))) return false;
    left = limitBytes - ((await ifThere(stat(consoleLogPath)))?.size ?? 0);
  }
  return true;
}
