/** A bell that keeps its ring until a waiter hears it. */
export class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Forgets an earlier ring. */
  reset(): void {
    this.#rung = false;
  }

  /**
   * Waits for a ring since the last `reset`: true when it came, false after the time. Undefined: without a limit.
   *
   * @throws the signal's reason.
   */
  async heard(timeoutMs: number | undefined, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    if (this.#rung) return true;
    await new Promise<void>((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(() => wake(), timeoutMs);
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener("abort", wake);
    });
    signal.throwIfAborted();
    return this.#rung;
  }
}
