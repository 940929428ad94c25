import { AgentdError } from "../../errors.ts";
import type { Clock } from "../port/ports.ts";
import { sleepUntil } from "../port/sleep.ts";
import { PREPARATION_LIMIT_MS } from "../state/job.ts";

/** For a launch that is limited elsewhere. */
export const NO_LIMIT: { readonly signal: AbortSignal } & Disposable = {
  signal: new AbortController().signal,
  [Symbol.dispose]: () => undefined,
};

/** A signal that aborts when preparing has taken too long. Disposing of it ends the clock. */
export function preparationLimit(clock: Clock): { readonly signal: AbortSignal } & Disposable {
  const limit = new AbortController();
  const done = new AbortController();
  void sleepUntil(clock.monotonic() + PREPARATION_LIMIT_MS, { clock, signal: done.signal }).then((over) => {
    if (!over) return;
    limit.abort(
      new AgentdError("preparation_timeout", {
        tried: "prepare the session",
        why: `it took more than ${PREPARATION_LIMIT_MS / 60_000} minutes`,
        next: "See the last step in the record's events.jsonl.",
      }),
    );
  });
  return { signal: limit.signal, [Symbol.dispose]: () => done.abort() };
}
