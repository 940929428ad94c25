import { CronExpressionParser } from "cron-parser";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Milliseconds since the epoch that any parser of dates would do for. */
const SOME_DATE = new Date(0);

/**
 * The wall times (see `Zone`) that a cron expression names.
 *
 * cron-parser reads the expression. It does not walk through it: that takes it sixty times as long, and around changes
 * of the clocks it loses runs.
 */
export class WallTimes {
  /** Whether it names every hour of its days: then it says how often, not when. */
  readonly isEveryHour: boolean;
  readonly #minutes: readonly number[];
  readonly #hours: readonly number[];
  readonly #months: readonly number[];
  readonly #isDay: (date: Date) => boolean;

  /** @param expression five fields that fire at some time; throws what the parser throws for any other. */
  constructor(expression: string) {
    const { fields } = CronExpressionParser.parse(expression.trim(), { currentDate: SOME_DATE });
    const { dayOfMonth, dayOfWeek } = fields;
    this.#minutes = fields.minute.values;
    this.#hours = fields.hour.values;
    this.#months = fields.month.values;
    this.isEveryHour = this.#hours.length === 24;
    const isDayOfMonth = (date: Date): boolean => dayOfMonth.values.some((day) => day === date.getUTCDate());
    const isDayOfWeek = (date: Date): boolean => dayOfWeek.values.some((day) => day === date.getUTCDay());
    if (dayOfWeek.isWildcard) this.#isDay = isDayOfMonth;
    else if (dayOfMonth.isWildcard) this.#isDay = isDayOfWeek;
    // Cron's own rule: where both are restricted, one is enough.
    else this.#isDay = (date) => isDayOfMonth(date) || isDayOfWeek(date);
  }

  /** The first wall time after one. */
  next(wallMs: number): number {
    const day = Math.floor(wallMs / DAY_MS) * DAY_MS;
    const first = this.#dayFrom(day);
    const time = first === day ? this.#timeAfter(wallMs - day) : this.#firstTime();
    return time === undefined ? this.#dayFrom(day + DAY_MS) + this.#firstTime() : first + time;
  }

  /** The first day that matches, from one on; days are told by their beginnings. */
  #dayFrom(startMs: number): number {
    let day = startMs;
    for (;;) {
      const date = new Date(day);
      if (!this.#months.includes(date.getUTCMonth() + 1)) {
        day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
      } else if (this.#isDay(date)) return day;
      else day += DAY_MS;
    }
  }

  /** The first time of a day after one, in milliseconds since its beginning; undefined when there is none any more. */
  #timeAfter(timeMs: number): number | undefined {
    const earliest = Math.floor(timeMs / MINUTE_MS) + 1;
    const hour = Math.floor(earliest / 60);
    const minute = this.#minutes.find((each) => each >= earliest % 60);
    if (minute !== undefined && this.#hours.includes(hour)) return (hour * 60 + minute) * MINUTE_MS;
    const later = this.#hours.find((each) => each > hour);
    return later === undefined ? undefined : this.#firstTime(later);
  }

  #firstTime(hour = this.#hours[0] ?? 0): number {
    return (hour * 60 + (this.#minutes[0] ?? 0)) * MINUTE_MS;
  }
}
