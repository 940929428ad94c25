/**
 * Decides about the instants of a schedule. Pure: a schedule, its state and the time go in, decisions come out.
 */
import { createHash } from "node:crypto";
import type { FireReason, SkipReason } from "./events.ts";
import type { ScheduleState } from "./schedule-state.ts";
import { type Span, spanOf } from "./spans.ts";
import type { Timetable } from "./timetable.ts";
import type { Zone } from "./zone.ts";

/** A profile's schedule as it is configured. */
export interface Schedule {
  readonly profile: string;
  /** As it is written. */
  readonly expression: string;
  /** The zone that the expression is meant in. */
  readonly zone: Zone;
  readonly timetable: Timetable;
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
  | { readonly kind: "fire"; readonly instantMs: number; readonly reason: Exclude<FireReason, "waited"> }
  /** This instant and all undecided ones up to the other. */
  | {
      readonly kind: "skip";
      readonly instantMs: number;
      readonly untilMs: number;
      readonly reason: SkipReason;
    };

/** The instant to wait for: the first one after the cursor that was not decided when its time was. */
export function upcoming(schedule: Schedule, { cursorMs, spans }: ScheduleState): Upcoming {
  const instantMs = nextUndecided(schedule.timetable, spans, cursorMs);
  return { instantMs, dueMs: dueMs(schedule, instantMs) };
}

/** The next instants from the upcoming one on. */
export function nextInstants(
  schedule: Schedule,
  { spans }: ScheduleState,
  first: Upcoming,
  count: number,
): Upcoming[] {
  const list: Upcoming[] = [];
  for (let next = first; list.length < count;) {
    list.push(next);
    const instantMs = nextUndecided(schedule.timetable, spans, next.instantMs);
    next = { instantMs, dueMs: dueMs(schedule, instantMs) };
  }
  return list;
}

/**
 * Decides on the instants from `first`, which is due, to now: at most the last of them fires, the others are skipped.
 *
 * @param onTimeMs how much later than it is due an instant may fire without having been missed.
 */
export function decide(
  schedule: Schedule,
  { spans }: ScheduleState,
  { instantMs: first }: Upcoming,
  nowMs: number,
  onTimeMs: number,
): readonly Decision[] {
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

function nextUndecided(timetable: Timetable, spans: readonly Span[], afterMs: number): number {
  let instant = timetable.next(afterMs);
  for (let span = spanOf(spans, instant); span !== undefined; span = spanOf(spans, instant)) {
    instant = timetable.next(span.toMs);
  }
  return instant;
}

/** @param first undecided, so that there is one. */
function lastUndecided(timetable: Timetable, spans: readonly Span[], first: number, untilMs: number): number {
  let instant = timetable.last(first, untilMs);
  for (let span = spanOf(spans, instant); span !== undefined; span = spanOf(spans, instant)) {
    instant = timetable.last(first, span.fromMs - 1);
  }
  return instant;
}

/** When an instant fires: the same for the same profile and instant, so that a restart does not change it. */
export function dueMs({ profile, timetable, jitterMs }: Schedule, instantMs: number): number {
  if (jitterMs === 0) return instantMs;
  const room = Math.min(jitterMs, timetable.next(instantMs) - instantMs);
  const digest = createHash("sha256").update(`${profile} ${instantMs}`).digest();
  return instantMs + Math.floor((digest.readUIntBE(0, 6) / 2 ** 48) * room);
}
