import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "./ports.ts";

/** Node turns a timer over 2^31 - 1 ms into one of 1 ms; a minute also bounds the drift of a suspended host. */
const LONGEST_SLEEP_MS = 60_000;

/**
 * Sleeps until the monotonic clock shows `deadline`, in milliseconds.
 *
 * @returns false when the signal ended the sleep before that.
 */
export async function sleepUntil(
  deadline: number,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<boolean> {
  for (let left = deadline - clock.monotonic(); left > 0; left = deadline - clock.monotonic()) {
    try {
      await delay(Math.min(left, LONGEST_SLEEP_MS), undefined, { signal });
    } catch {
      return false; // The only rejection of a delay is its signal.
    }
  }
  return true;
}
