/** So many a minute for each name. */
const MINUTE_MS = 60_000;

export class PerMinute {
  readonly #most: number;
  readonly #now: () => number;
  readonly #times = new Map<string, number[]>();

  /** @param now in milliseconds, of a clock that only goes forward. */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  /** Counts one more, unless there were as many as may be within the last minute. @returns whether it counts. */
  take(name: string): boolean {
    const now = this.#now();
    const times = (this.#times.get(name) ?? []).filter((at) => at > now - MINUTE_MS);
    if (times.length >= this.#most) return false;
    this.#times.set(name, [...times, now]);
    return true;
  }
}
