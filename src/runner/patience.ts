/** Asking a head that may be away for as long as it likes. */
import { setTimeout as delay } from "node:timers/promises";
import { Backoff } from "../backoff.ts";
import { AgentdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { HeadRefusal } from "../placement/channel/channel-client.ts";

const PAUSES = { firstMs: 200, longestMs: 10_000 };

/**
 * Asks until there is an answer.
 *
 * @throws HeadRefusal when the head will not, now or later; the signal's reason.
 */
export async function untilAnswered<T>(
  ask: () => Promise<T>,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Logger },
): Promise<T> {
  const backoff = new Backoff(PAUSES);
  for (;;) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      const isForNow = error instanceof HeadRefusal ? error.isForNow : isUnreachable(error);
      if (!isForNow) throw error;
      log.info({ error }, "the head does not answer now");
    }
    await delay(backoff.next(), undefined, { signal });
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof AgentdError && error.code === "placement_unreachable";
}
