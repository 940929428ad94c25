import { EventEmitter, once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Order } from "./protocol.ts";

export interface NextOptions {
  /** Whether the runner knows of the order that there is. */
  readonly isHeard: boolean;
  /** How long to wait for one. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** A runner asks again at once, and may be slow to. */
const SILENT_MS = 10_000;

/** What sessions are told, and which runners listen. In memory: the daemon tells again. */
export class Orders {
  readonly #orders = new Map<string, Order>();
  readonly #listeners = new Map<string, number>();
  /** When a runner was heard last. */
  readonly #heard = new Map<string, number>();
  readonly #given = new EventEmitter();
  readonly #monotonic: () => number;

  /** @param monotonic milliseconds of a clock that never jumps. */
  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
    // One listener for each runner.
    this.#given.setMaxListeners(0);
  }

  /** Tells a session to end. */
  stop(session: string, order: Order): void {
    this.#orders.set(session, order);
    this.#given.emit(session);
  }

  /** Whether a runner of the session waits for orders, or did a moment ago. */
  isConnected(session: string): boolean {
    const heard = this.#heard.get(session);
    return this.#listeners.has(session) || (heard !== undefined && this.#monotonic() - heard < SILENT_MS);
  }

  forget(session: string): void {
    this.#orders.delete(session);
    this.#heard.delete(session);
  }

  /** The order that a session has; null when none comes in time. Does not reject. */
  async next(session: string, { isHeard, waitMs, signal }: NextOptions): Promise<Order | null> {
    const known = this.#orders.get(session);
    if (known !== undefined && !isHeard) return known;
    this.#listeners.set(session, (this.#listeners.get(session) ?? 0) + 1);
    const over = new AbortController();
    const options = { signal: AbortSignal.any([signal, over.signal]) };
    try {
      await Promise.race([once(this.#given, session, options), delay(waitMs, undefined, options)]).catch(
        () => undefined, // The runner has gone.
      );
      return this.#orders.get(session) ?? null;
    } finally {
      over.abort();
      this.#heard.set(session, this.#monotonic());
      const left = (this.#listeners.get(session) ?? 1) - 1;
      if (left === 0) this.#listeners.delete(session);
      else this.#listeners.set(session, left);
    }
  }
}
