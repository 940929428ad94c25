/**
 * A profile's schedule for people, in its own time zone.
 */
import type { ScheduleView } from "../../api/schedule-view.ts";
import { shortId } from "../../short-id.ts";
import { printable } from "../terminal/printable.ts";
import { type Fact, renderFacts } from "./facts.ts";
import { spanText } from "./time-text.ts";

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** How it last went and when it runs next. */
export function scheduleText(view: ScheduleView): string {
  const title = `${printable(view.profile)}  ${printable(view.schedule)}  (${printable(view.timezone)})`;
  const next = view.next_runs.map((run, index): Fact => [index === 0 ? "next" : "", nextText(run)]);
  return renderFacts(title, [
    ["last run", lastRunText(view.last_run)],
    ["last skip", lastSkipText(view.last_skip)],
    ...(view.waiting_timestamp === null ? [] : [waitingFact(view.waiting_timestamp)]),
    ...next,
  ]);
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
