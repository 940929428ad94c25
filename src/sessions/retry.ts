import type { Clock } from "./ports.ts";
import { sleepUntil } from "./sleep.ts";

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;

/**
 * Repeats work until it succeeds, with a delay that doubles from one second to one minute.
 *
 * @param onFailure awaited after each failure, with the delay before the next try.
 */
export async function untilItSucceeds<T>(
  work: () => Promise<T>,
  clock: Clock,
  onFailure: (error: unknown, retryInMs: number) => Promise<void>,
): Promise<T> {
  const never = new AbortController().signal;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
    try {
      return await work();
    } catch (error) {
      await onFailure(error, delayMs);
      await sleepUntil(clock.monotonic() + delayMs, { clock, signal: never });
    }
  }
}
