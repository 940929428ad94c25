import { Backoff } from "../../backoff.ts";
import type { Clock } from "../port/ports.ts";
import { sleepUntil } from "../port/sleep.ts";

const TRIES = { firstMs: 1_000, longestMs: 60_000 };

export interface RetryOptions {
  readonly clock: Clock;
  /** Ends the waiting between two tries. */
  readonly signal: AbortSignal;
  /** Awaited after each failure, with the delay before the next try. */
  readonly onFailure: (error: unknown, retryInMs: number) => Promise<void> | void;
}

/**
 * Repeats work until it succeeds, with a delay that doubles from one second to one minute.
 *
 * @returns undefined when the signal came first.
 */
export async function untilItSucceeds<T>(
  work: () => Promise<T>,
  { clock, signal, onFailure }: RetryOptions,
): Promise<T | undefined> {
  const backoff = new Backoff(TRIES);
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    try {
      return await work();
    } catch (error) {
      // It was ended, or the next daemon meets the same failure.
      if (isOver()) return undefined;
      const delayMs = backoff.next();
      await onFailure(error, delayMs);
      await sleepUntil(clock.monotonic() + delayMs, { clock, signal });
    }
  }
  return undefined;
}
