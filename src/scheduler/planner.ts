/**
 * Decides about the instants of a schedule. Pure: a schedule, its state and the time go in, decisions come out.
 */
import { createHash } from "node:crypto";
import { DEFAULT_SCHEDULE, type ScheduleId, scheduleKey } from "../schedule-id.ts";
import type { SkipReason } from "./events.ts";
import type { Instants } from "./instants.ts";
import type { ScheduleState } from "./schedule-state.ts";
import { type Span, spanOf } from "./spans.ts";
import type { Zone } from "./zone.ts";

/** A profile's schedule as it is configured. */
export interface Schedule extends ScheduleId {
  /** When it fires, in words: a cron expression, `every 90m`, or `at 2026-12-24T06:00:00+01:00`. */
  readonly expression: string;
  /** The zone that the expression is meant in, and that its times are shown in. */
  readonly zone: Zone;
  readonly timetable: Instants;
  readonly missed: "skip" | "once";
  /** How old a missed instant may be to be made up for. */
  readonly catchupWindowMs: number;
  readonly overlap: "allow" | "skip" | "queue";
  /** Each run begins later by up to this much, but before the next one. */
  readonly jitterMs: number;
}

/** An instant of a schedule and when it is to fire, which differs by the jitter. */
export interface Upcoming {
  readonly instantMs: number;
  readonly dueMs: number;
}

export type Decision =
  | { readonly kind: "fire"; readonly instantMs: number; readonly reason: "due" | "made_up" }
  /** The time that it was paused for is over. */
  | { readonly kind: "resume" }
  /** This instant and all undecided ones up to the other. */
  | {
      readonly kind: "skip";
      readonly instantMs: number;
      readonly untilMs: number;
      readonly reason: SkipReason;
    };

/**
 * The instant to wait for: the first one after the cursor that was not decided when its time was. Infinite when there is
 * none any more.
 */
export function upcoming(
  schedule: Schedule,
  { cursorMs, spans }: Pick<ScheduleState, "cursorMs" | "spans">,
): Upcoming {
  const instantMs = nextUndecided(schedule.timetable, spans, cursorMs);
  return { instantMs, dueMs: dueMs(schedule, instantMs) };
}

/** The next instants that fire, from the upcoming one on: none that is skipped because of a pause. */
export function nextInstants(
  schedule: Schedule,
  { spans, paused }: ScheduleState,
  first: Upcoming,
  count: number,
): Upcoming[] {
  const list: Upcoming[] = [];
  if (paused?.untilMs === Number.POSITIVE_INFINITY) return list;
  const fromMs = paused?.untilMs ?? Number.NEGATIVE_INFINITY;
  // Not one by one through a long pause.
  const cursorMs = Math.max(first.instantMs, fromMs - schedule.jitterMs - 1);
  let next = first.dueMs < fromMs ? upcoming(schedule, { cursorMs, spans }) : first;
  while (list.length < count && Number.isFinite(next.instantMs)) {
    if (next.dueMs >= fromMs) list.push(next);
    next = upcoming(schedule, { cursorMs: next.instantMs, spans });
  }
  return list;
}

/** When the upcoming instant is due, or the time of a pause is over. */
export function wakeMs({ paused }: ScheduleState, { dueMs }: Upcoming): number {
  return Math.min(dueMs, paused?.untilMs ?? Number.POSITIVE_INFINITY);
}

/**
 * Decides on the instants from `first` to now: at most the last of them fires, the others are skipped. Of a paused schedule
 * those that are due before the end of the pause are skipped.
 *
 * @param onTimeMs how much later than it is due an instant may fire without having been missed.
 */
export function decide(
  schedule: Schedule,
  { spans, paused }: Pick<ScheduleState, "spans" | "paused">,
  first: Upcoming,
  nowMs: number,
  onTimeMs: number,
): readonly Decision[] {
  if (paused === undefined) return decideDue(schedule, spans, first, nowMs, onTimeMs);
  const decisions: Decision[] = [];
  const pausedMs = Math.min(nowMs, paused.untilMs - 1);
  let next = first;
  if (first.dueMs <= pausedMs) {
    const untilMs = lastDue(schedule, spans, first.instantMs, pausedMs);
    decisions.push({ kind: "skip", instantMs: first.instantMs, untilMs, reason: "paused" });
    next = upcoming(schedule, { cursorMs: untilMs, spans });
  }
  if (paused.untilMs > nowMs) return decisions;
  return [...decisions, { kind: "resume" }, ...decideDue(schedule, spans, next, nowMs, onTimeMs)];
}

function decideDue(
  schedule: Schedule,
  spans: readonly Span[],
  { instantMs: first, dueMs: firstDueMs }: Upcoming,
  nowMs: number,
  onTimeMs: number,
): readonly Decision[] {
  if (nowMs < firstDueMs) return [];
  const last = lastDue(schedule, spans, first, nowMs);
  const reason = fireReason(schedule, last, nowMs, onTimeMs);
  if (reason === undefined) {
    const skipped = schedule.missed === "once" ? "too_late" : "missed";
    return [{ kind: "skip", instantMs: first, untilMs: last, reason: skipped }];
  }
  const fire: Decision = { kind: "fire", instantMs: last, reason };
  if (last === first) return [fire];
  const untilMs = lastUndecided(schedule.timetable, spans, first, last - 1);
  return [{ kind: "skip", instantMs: first, untilMs, reason: "missed" }, fire];
}

/** Whether a fire goes ahead, waits, or is skipped, given the profile's other scheduled runs. */
export function meetOverlap(
  { overlap }: Pick<Schedule, "overlap">,
  { isBusy, isWaiting }: { readonly isBusy: boolean; readonly isWaiting: boolean },
): "fire" | "wait" | SkipReason {
  if (overlap === "allow" || !(isBusy || isWaiting)) return "fire";
  if (overlap === "skip") return "overlap";
  return isWaiting ? "queue_full" : "wait";
}

function fireReason(schedule: Schedule, instantMs: number, nowMs: number, onTimeMs: number) {
  if (nowMs - dueMs(schedule, instantMs) <= onTimeMs) return "due";
  const isMadeUp = schedule.missed === "once" && nowMs - instantMs <= schedule.catchupWindowMs;
  return isMadeUp ? "made_up" : undefined;
}

/** The last undecided instant that is due. @param first is due itself. */
function lastDue(schedule: Schedule, spans: readonly Span[], first: number, nowMs: number): number {
  const last = lastUndecided(schedule.timetable, spans, first, nowMs);
  // Only the last one can be late enough not to be due: the jitter ends before the next.
  return dueMs(schedule, last) <= nowMs || last === first
    ? last
    : lastUndecided(schedule.timetable, spans, first, last - 1);
}

function nextUndecided(timetable: Instants, spans: readonly Span[], afterMs: number): number {
  let instant = timetable.next(afterMs);
  for (let span = spanOf(spans, instant); span !== undefined; span = spanOf(spans, instant)) {
    instant = timetable.next(span.toMs);
  }
  return instant;
}

/** @param first undecided, so that there is one. */
function lastUndecided(timetable: Instants, spans: readonly Span[], first: number, untilMs: number): number {
  let instant = timetable.last(first, untilMs);
  for (let span = spanOf(spans, instant); span !== undefined; span = spanOf(spans, instant)) {
    instant = timetable.last(first, span.fromMs - 1);
  }
  return instant;
}

/** When an instant fires: the same for the same schedule and instant, so that a restart does not change it. */
export function dueMs(schedule: Schedule, instantMs: number): number {
  const { timetable, jitterMs, profile, name } = schedule;
  if (jitterMs === 0 || !Number.isFinite(instantMs)) return instantMs;
  const room = Math.min(jitterMs, timetable.next(instantMs) - instantMs);
  // As versions computed it that knew one schedule for each profile.
  const seed = name === DEFAULT_SCHEDULE ? profile : scheduleKey(schedule);
  const digest = createHash("sha256").update(`${seed} ${instantMs}`).digest();
  return instantMs + Math.floor((digest.readUIntBE(0, 6) / 2 ** 48) * room);
}
