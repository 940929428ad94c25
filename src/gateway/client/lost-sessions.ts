/** Sessions whose network is gone: each is tried again, after growing pauses. */
import { setTimeout as delay } from "node:timers/promises";
import { Backoff } from "../../backoff.ts";

export interface LostSessionsOptions {
  /** Tries to open a session's network; when it has succeeded, it calls `delete`. Never rejects. */
  readonly tryAgain: (session: string) => Promise<void>;
  /** Ends all trying. */
  readonly signal: AbortSignal;
}

const PAUSES = { firstMs: 500, longestMs: 30_000 };

/** Those of one daemon. */
export class LostSessions {
  readonly #options: LostSessionsOptions;
  readonly #lost = new Set<string>();

  constructor(options: LostSessionsOptions) {
    this.#options = options;
  }

  has(session: string): boolean {
    return this.#lost.has(session);
  }

  /** From now on it is tried. */
  add(session: string): void {
    if (this.#lost.has(session)) return;
    this.#lost.add(session);
    void this.#tryUntilDeleted(session);
  }

  /** Its network is open, or nobody wants it any more. */
  delete(session: string): void {
    this.#lost.delete(session);
  }

  async #tryUntilDeleted(session: string): Promise<void> {
    const { tryAgain, signal } = this.#options;
    const backoff = new Backoff(PAUSES);
    while (this.#lost.has(session)) {
      await delay(backoff.next(), undefined, { signal }).catch(() => undefined); // Ended.
      if (signal.aborted) return;
      if (this.#lost.has(session)) await tryAgain(session);
    }
  }
}
