/** Keeps long synchronous work from holding up everything else of its thread, and from going on when it was ended. */
import { setImmediate as nextTurn } from "node:timers/promises";

const TURN_MS = 5;

/** One for each export. */
export class Pace {
  readonly signal: AbortSignal;
  readonly #deadline: number;
  #turnEnds = performance.now() + TURN_MS;

  /** @param timeMs after which `signal` of the caller is aborted; git is told to end then by itself. */
  constructor(signal: AbortSignal, timeMs: number) {
    this.signal = signal;
    this.#deadline = performance.now() + timeMs;
  }

  /** Milliseconds that are left, at least 1. */
  get leftMs(): number {
    return Math.max(1, Math.ceil(this.#deadline - performance.now()));
  }

  /** To be called between small steps. Throws the signal's reason when it is aborted. */
  async step(): Promise<void> {
    if (performance.now() < this.#turnEnds) return;
    await nextTurn();
    this.signal.throwIfAborted();
    this.#turnEnds = performance.now() + TURN_MS;
  }
}
