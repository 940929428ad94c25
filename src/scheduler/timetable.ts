import type { Instants } from "./instants.ts";
import type { WallTimes } from "./wall-times.ts";
import type { Zone } from "./zone.ts";

const HOUR_MS = 3_600_000;

/**
 * The instants of a cron expression in a time zone.
 *
 * A wall time that clocks skip counts as much later as they skip: 02:30 is 03:30 then. One that they show twice counts
 * the first time. An expression for every hour says how often, not when, so it goes through both unmoved.
 */
export class Timetable implements Instants {
  readonly #walls: WallTimes;
  readonly #zone: Zone;

  constructor(walls: WallTimes, zone: Zone) {
    this.#walls = walls;
    this.#zone = zone;
  }

  /** The first instant after one. */
  next(afterMs: number): number {
    let earliest = Number.POSITIVE_INFINITY;
    let wall = afterMs + Math.min(...this.#zone.offsetsAround(afterMs));
    for (;;) {
      wall = this.#walls.next(wall);
      for (const instant of this.#instantsOf(wall)) {
        if (instant > afterMs) earliest = Math.min(earliest, instant);
      }
      // Around a change of the clocks, a later wall time can be an earlier instant.
      if (earliest <= wall - Math.max(...this.#zone.offsetsAround(wall))) return earliest;
    }
  }

  /** The last instant up to one. @param fromMs an instant of this timetable that is not later. */
  last(fromMs: number, untilMs: number): number {
    for (let span = HOUR_MS; ; span *= 2) {
      // Looked for backwards, in ever longer steps: it is mostly near.
      let instant = this.next(Math.max(fromMs - 1, untilMs - span));
      if (instant > untilMs) continue;
      for (let next = instant; next <= untilMs; next = this.next(next)) instant = next;
      return instant;
    }
  }

  #instantsOf(wall: number): readonly number[] {
    const shown = this.#zone.instantsOf(wall);
    if (this.#walls.isEveryHour) return shown;
    const [before] = this.#zone.offsetsAround(wall);
    return [shown[0] ?? wall - before];
  }
}
