/** Whether something is needed: while tasks need it, and for a while after the last one. */
export class Need {
  readonly #monotonic: () => number;
  #tasks = 0;
  #lastMs: number;

  /** @param monotonic a clock in milliseconds that nobody sets. */
  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
    this.#lastMs = monotonic();
  }

  /** Runs a task that needs it. */
  async during<T>(task: () => Promise<T>): Promise<T> {
    this.#tasks += 1;
    try {
      return await task();
    } finally {
      this.#tasks -= 1;
      this.renew();
    }
  }

  /** Starts the time without a task anew. */
  renew(): void {
    this.#lastMs = this.#monotonic();
  }

  /** Whether no task has needed it for so long. */
  isOver(idleMs: number): boolean {
    return this.#tasks === 0 && this.#monotonic() - this.#lastMs >= idleMs;
  }
}
