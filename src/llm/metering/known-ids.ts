/** Ids that the provider gave to a session. Under a shared key any other id may be another session's. */

const MAX_IDS = 10_000;

/** Remembers a bounded number of ids; of more, the ones that were seen last. */
export class KnownIds {
  readonly #ids = new Set<string>();
  readonly #max: number;

  /** @param max default 10,000. */
  constructor(max = MAX_IDS) {
    this.#max = max;
  }

  add(id: string): void {
    // To its end: the order in a set is that of insertion.
    this.#ids.delete(id);
    this.#ids.add(id);
    if (this.#ids.size <= this.#max) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      break;
    }
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }
}
