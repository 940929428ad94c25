/** The next seven days of schedules, each at the time of its own zone. */
import type { JSX } from "preact";
import type { ScheduleView } from "../../api/schedule-view.ts";

const DAYS = 7;
/** Runs of a day that are named; more are counted. */
const NAMED = 4;

/** The date of a wall clock's time, such as `2026-01-31`. */
function dateOf(local: string): string {
  return local.slice(0, 10);
}

/** Seven dates from a day on, by the calendar. */
function datesFrom(first: string): string[] {
  const start = Date.parse(`${first}T00:00:00Z`);
  return Array.from({ length: DAYS }, (_, day) =>
    new Date(start + day * 86_400_000).toISOString().slice(0, 10),
  );
}

/** Today in a zone. */
function todayIn(timezone: string, now: number): string {
  try {
    return new Intl.DateTimeFormat("sv-SE", { timeZone: timezone }).format(now);
  } catch {
    return new Date(now).toISOString().slice(0, 10);
  }
}

function dayText(date: string): string {
  const at = new Date(`${date}T00:00:00Z`);
  return at.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
}

/** @param schedules of one zone. */
export function Week({
  schedules,
  timezone,
  now,
}: {
  readonly schedules: readonly ScheduleView[];
  readonly timezone: string;
  readonly now: number;
}): JSX.Element {
  const dates = datesFrom(todayIn(timezone, now));
  return (
    <table class="week" aria-label={`Week in ${timezone}`}>
      <thead>
        <tr>
          <th scope="col">{timezone}</th>
          {dates.map((date) => (
            <th scope="col">{dayText(date)}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {schedules.map((schedule) => (
          <tr>
            <th scope="row">
              {schedule.profile}
              {schedule.name !== "default" && <span class="soft"> {schedule.name}</span>}
            </th>
            <Days schedule={schedule} dates={dates} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Days({
  schedule: { next_runs: runs, paused },
  dates,
}: {
  readonly schedule: ScheduleView;
  readonly dates: readonly string[];
}): JSX.Element {
  if (!runs.some(({ local_time: local }) => dates.includes(dateOf(local)))) {
    return (
      <td class="soft" colSpan={DAYS}>
        {paused === null ? "no run in these days" : "paused"}
      </td>
    );
  }
  return (
    <>
      {dates.map((date) => (
        <td data-name={dayText(date)}>
          <Day runs={runs.filter(({ local_time: local }) => dateOf(local) === date)} />
        </td>
      ))}
    </>
  );
}

function Day({ runs }: { readonly runs: ScheduleView["next_runs"] }): JSX.Element | null {
  const times = runs.map(({ local_time: local }) => local.slice(11, 16));
  if (times.length === 0) return null;
  if (times.length <= NAMED) {
    return (
      <>
        {times.map((time) => (
          <span class="slot">{time}</span>
        ))}
      </>
    );
  }
  return (
    <span class="slot" title={times.join(" ")}>
      {times.length} × {times[0]}–{times.at(-1)}
    </span>
  );
}
