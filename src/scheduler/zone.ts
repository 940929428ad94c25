const DAY_MS = 86_400_000;

/** Clocks have always changed at a full quarter of an hour in UTC, for fifty years. */
const STEP_MS = 900_000;

/** Asking Intl takes microseconds, and the same few days are asked for again and again. */
const MAX_REMEMBERED = 4_000;

/**
 * A time zone: what its clocks show and when.
 *
 * A wall time is what a clock shows, written as the milliseconds since the epoch at which a clock in UTC shows the same.
 */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  /** Offsets by the number of their quarter of an hour. */
  readonly #offsets = new Map<number, number>();

  /** @param name of the IANA database, such as `Europe/Berlin`. Throws a RangeError when it is not known. */
  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  }

  /** How far the zone's clocks are ahead of UTC at an instant, in milliseconds. */
  offsetMs(instantMs: number): number {
    const step = Math.floor(instantMs / STEP_MS);
    const remembered = this.#offsets.get(step);
    if (remembered !== undefined) return remembered;
    if (this.#offsets.size >= MAX_REMEMBERED) this.#offsets.clear();
    const offset = this.#lookUp(step * STEP_MS);
    this.#offsets.set(step, offset);
    return offset;
  }

  /** The offsets before and after a change of the clocks around a wall time or an instant; twice the same without one. */
  offsetsAround(ms: number): readonly [beforeMs: number, afterMs: number] {
    return [this.offsetMs(ms - DAY_MS), this.offsetMs(ms + DAY_MS)];
  }

  /** The instants at which clocks show a wall time, in order: none in a skipped hour, two in a repeated one. */
  instantsOf(wallMs: number): readonly number[] {
    const [beforeMs, afterMs] = this.offsetsAround(wallMs);
    if (beforeMs === afterMs) return [wallMs - beforeMs];
    return [wallMs - beforeMs, wallMs - afterMs].filter(
      (instant) => this.offsetMs(instant) === wallMs - instant,
    );
  }

  /** What clocks show at an instant, and how far they are ahead of UTC: `2026-01-02T04:04:05.000+01:00`. */
  localTime(instantMs: number): string {
    const offsetMs = this.offsetMs(instantMs);
    const wall = new Date(instantMs + offsetMs).toISOString();
    const minutes = Math.round(Math.abs(offsetMs) / 60_000);
    const [hour, minute] = [Math.floor(minutes / 60), minutes % 60].map((part) =>
      String(part).padStart(2, "0"),
    );
    return wall.replace("Z", `${offsetMs < 0 ? "-" : "+"}${hour}:${minute}`);
  }

  #lookUp(instantMs: number): number {
    const parts = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(this.#format.format(instantMs));
    const [, sign, hours = 0, minutes = 0, seconds = 0] = parts ?? [];
    const size = Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1_000;
    return sign === "-" ? -size : size;
  }
}
