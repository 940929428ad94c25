/** The clock of one session's stall watchdog: it stands still while the session is paused. */
export class StallClock {
  readonly #monotonic: () => number;
  /** Of pauses that are over. */
  #pausedMs = 0;
  #pausedAt: number | undefined;

  /** @param monotonic milliseconds of a clock that is never set. */
  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Milliseconds, pauses left out. */
  now(): number {
    return (this.#pausedAt ?? this.#monotonic()) - this.#pausedMs;
  }

  /** Stands still, or goes, from now on. */
  follow(isPaused: boolean): void {
    if (isPaused) {
      this.#pausedAt ??= this.#monotonic();
    } else if (this.#pausedAt !== undefined) {
      this.#pausedMs += this.#monotonic() - this.#pausedAt;
      this.#pausedAt = undefined;
    }
  }
}
