/** Schedules that need no calendar: at equal distances, and once. */

/** The instants of a schedule, in milliseconds since the epoch. */
export interface Instants {
  /** The first instant after one; infinite when there is none. */
  next(afterMs: number): number;
  /** The last instant up to one. @param fromMs an instant that is not later. */
  last(fromMs: number, untilMs: number): number;
}

/** When a schedule fires. */
export type When =
  | { readonly cron: string }
  /** Counted from the epoch, so that neither a restart nor the end of a run moves it. */
  | { readonly everyMs: number }
  | { readonly atMs: number };

export class Every implements Instants {
  readonly #everyMs: number;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  next(afterMs: number): number {
    return (Math.floor(afterMs / this.#everyMs) + 1) * this.#everyMs;
  }

  last(_fromMs: number, untilMs: number): number {
    return Math.floor(untilMs / this.#everyMs) * this.#everyMs;
  }
}

export class Once implements Instants {
  readonly #atMs: number;

  constructor(atMs: number) {
    this.#atMs = atMs;
  }

  next(afterMs: number): number {
    return afterMs < this.#atMs ? this.#atMs : Number.POSITIVE_INFINITY;
  }

  last(): number {
    return this.#atMs;
  }
}
