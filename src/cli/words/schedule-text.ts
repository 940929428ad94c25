/**
 * A profile's schedule for people, in its own time zone.
 */
import type { ScheduleView } from "../../api/schedule-view.ts";
import { DEFAULT_SCHEDULE } from "../../schedule-id.ts";
import { shortId } from "../../short-id.ts";
import { printable } from "../terminal/printable.ts";
import { type Fact, renderFacts } from "./facts.ts";
import { spanText } from "./time-text.ts";

type Paused = NonNullable<ScheduleView["paused"]>;

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** One line for a schedule that an operator has changed. */
export function changedText({ profile, name, paused, next_runs: [next] }: ScheduleView): string {
  const which = `schedule ${name} of ${profile}`;
  if (paused !== null) {
    const until = paused.until_timestamp;
    return `${which} is paused${until === null ? "" : ` until ${until}`}`;
  }
  return next === undefined
    ? `${which} does not run any more`
    : `${which} runs next ${clockText(next.local_time)}`;
}

/** How it last went and when it runs next. */
export function scheduleText(view: ScheduleView): string {
  const which = view.name === DEFAULT_SCHEDULE ? view.profile : `${view.profile} ${view.name}`;
  const title = `${printable(which)}  ${printable(view.schedule)}  (${printable(view.timezone)})`;
  const next = view.next_runs.map((run, index): Fact => [index === 0 ? "next" : "", nextText(run)]);
  return renderFacts(title, [
    ...(view.paused === null ? [] : [pausedFact(view.paused)]),
    ["last run", lastRunText(view.last_run)],
    ["last skip", lastSkipText(view.last_skip)],
    ...(view.waiting_timestamp === null ? [] : [waitingFact(view.waiting_timestamp)]),
    ...(next.length === 0 ? [endFact(view)] : next),
  ]);
}

function pausedFact({ since_timestamp: since, until_timestamp: until }: Paused): Fact {
  return ["paused", `since ${since}${until === null ? "" : `, until ${until}`}`];
}

/** Where there are no next runs. */
function endFact({ paused }: ScheduleView): Fact {
  return ["next", paused === null ? "none: it does not run any more" : "none while it is paused"];
}

function lastRunText(run: ScheduleView["last_run"]): string {
  if (run === null) return "none yet";
  const standing = run.outcome ?? run.state ?? "its record is gone";
  return `${clockText(run.local_time)}  ${standing}, session ${shortId(run.session_id)}, ${spanText(run.delay_ms)} late`;
}

function lastSkipText(skip: ScheduleView["last_skip"]): string {
  if (skip === null) return "none yet";
  const isOne = skip.until_timestamp === skip.scheduled_timestamp;
  const others = isOne ? "" : ` and those until ${skip.until_timestamp}`;
  return `${clockText(skip.local_time)}${others}  ${skip.reason}: ${skip.why}`;
}

function waitingFact(timestamp: string): Fact {
  return ["waiting", `the run of ${timestamp}, for the one before it to end`];
}

function nextText(run: ScheduleView["next_runs"][number]): string {
  const laterMs = Date.parse(run.due_timestamp) - Date.parse(run.scheduled_timestamp);
  return `${clockText(run.local_time)}${laterMs === 0 ? "" : ` and ${spanText(laterMs)}`}`;
}

/** A local time with its weekday, to the minute: `Sat 2026-11-21 15:04 +01:00`. */
function clockText(localTime: string): string {
  const [, day = "", time = "", offset = ""] = /^(.{10})T(.{5}).*([+-].{5}|Z)$/.exec(localTime) ?? [];
  return `${WEEKDAYS[new Date(day).getUTCDay()]} ${day} ${time} ${offset}`;
}
