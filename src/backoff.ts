export interface BackoffOptions {
  readonly firstMs: number;
  readonly longestMs: number;
  readonly growth?: number | undefined;
}

/** The pauses between tries of something that fails: each is longer than the one before, up to the longest. */
export class Backoff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  readonly #growth: number;
  #nextMs: number;

  /** @param growth of each pause against the one before. Default 2. */
  constructor({ firstMs, longestMs, growth = 2 }: BackoffOptions) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#growth = growth;
    this.#nextMs = firstMs;
  }

  /** The pause to make now, in milliseconds. */
  next(): number {
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(pauseMs * this.#growth, this.#longestMs);
    return pauseMs;
  }

  /** Starts again with the first: something has succeeded. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
