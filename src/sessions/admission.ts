/** A place in the queue. */
interface Waiting {
  readonly sessionId: string;
  readonly admit: () => void;
}

/** Decides which sessions run now: first come, first served, at most `maxSessions` at once. */
export class Admission {
  readonly #maxSessions: number;
  readonly #queue: Waiting[] = [];
  #running = 0;
  #closed = false;

  /** @param maxSessions how many sessions may be between admission and leaving, at least 1. */
  constructor(maxSessions: number) {
    this.#maxSessions = maxSessions;
  }

  /**
   * Waits for a place. Whoever was admitted must call `leave` once.
   *
   * @returns false when the signal ended the wait; the place in the queue is given up then.
   */
  enter(sessionId: string, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        resolve(false);
      };
      const waiting: Waiting = {
        sessionId,
        admit: () => {
          signal.removeEventListener("abort", giveUp);
          this.#running += 1;
          resolve(true);
        },
      };
      if (signal.aborted) {
        resolve(false);
        return;
      }
      signal.addEventListener("abort", giveUp, { once: true });
      this.#queue.push(waiting);
      this.#admitNext();
    });
  }

  /** Takes a place for a session that runs already, even when there is none. It must call `leave` once. */
  enterAtOnce(): void {
    this.#running += 1;
  }

  /** Gives a place back. */
  leave(): void {
    this.#running -= 1;
    this.#admitNext();
  }

  /** Admits nobody any more; what waits stays queued. */
  close(): void {
    this.#closed = true;
  }

  /** Place in the queue from 1 and what it waits for; undefined when the session does not wait. */
  position(sessionId: string): { readonly position: number; readonly reason: string } | undefined {
    const index = this.#queue.findIndex((waiting) => waiting.sessionId === sessionId);
    if (index < 0) return undefined;
    return { position: index + 1, reason: this.#reason() };
  }

  #reason(): string {
    if (this.#closed) return "the daemon is shutting down";
    return `all ${this.#maxSessions} places of daemon.max_sessions are taken`;
  }

  #admitNext(): void {
    while (!this.#closed && this.#running < this.#maxSessions) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      next.admit();
    }
  }
}
