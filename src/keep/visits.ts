/** Who looks into kept sessions now. */
import type { Clock } from "../sessions/port/ports.ts";
import { sleepUntil } from "../sessions/port/sleep.ts";

/** How long a client may take from the answer until it says that it is there. */
const PATIENCE_MS = 60_000;

/** One entered container. */
export interface Visit {
  readonly sessionId: string;
  readonly ref: string;
  /** Aborted when the visit is over: its client is gone, or it was asked to end. */
  readonly over: AbortSignal;
}

interface Open extends Visit {
  readonly end: AbortController;
  isAttended: boolean;
}

export class Visits {
  readonly #clock: Clock;
  readonly #open = new Map<string, Open>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins a visit, which ends by itself when nobody attends it in time. */
  begin(sessionId: string, ref: string): Visit {
    const end = new AbortController();
    const visit: Open = { sessionId, ref, end, over: end.signal, isAttended: false };
    this.#open.set(ref, visit);
    const deadline = this.#clock.monotonic() + PATIENCE_MS;
    void sleepUntil(deadline, { clock: this.#clock, signal: end.signal }).then((isLate) => {
      if (isLate && !visit.isAttended) end.abort();
    });
    return visit;
  }

  /** Resolves when the visit is over, at the latest when the signal is aborted. One that is not open is. */
  async attend(ref: string, signal: AbortSignal): Promise<void> {
    const visit = this.#open.get(ref);
    if (visit === undefined) return;
    visit.isAttended = true;
    const { over, end } = visit;
    await new Promise<void>((resolve) => {
      over.addEventListener("abort", () => resolve(), { once: true });
      signal.addEventListener("abort", () => end.abort(), { once: true, signal: over });
      if (signal.aborted) end.abort();
      if (over.aborted) resolve();
    });
  }

  /** Asks visits to end: one, those of a session, or all. */
  end(which: { readonly ref?: string; readonly sessionId?: string }): void {
    for (const visit of this.#open.values()) {
      const isMeant =
        (which.ref ?? visit.ref) === visit.ref && (which.sessionId ?? visit.sessionId) === visit.sessionId;
      if (isMeant) visit.end.abort();
    }
  }

  /** Its container is gone. */
  ended({ ref }: Visit): void {
    this.#open.delete(ref);
  }

  /** The visits of a session that are not gone. */
  of(sessionId: string): readonly Visit[] {
    return [...this.#open.values()].filter((each) => each.sessionId === sessionId);
  }
}
