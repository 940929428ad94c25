/**
 * What is known of a schedule. Events make it, those of this life as those that the file holds.
 */
import type { ScheduleId } from "../schedule-id.ts";
import {
  about,
  type LastRun,
  type LastSkip,
  type ScheduleEvent,
  type StateEvent,
  timestampOf,
} from "./events.ts";
import { type Span, withSpan } from "./spans.ts";

/** A run that was decided on. */
export interface Fire {
  /** The instant of the schedule; of a run by hand, when it was asked for. */
  readonly instantMs: number;
  /** Identifies a run by hand; undefined for one of the schedule itself. */
  readonly fireId?: string | undefined;
}

/** A schedule that fires only by hand. */
export interface Pause {
  readonly sinceMs: number;
  /** Infinite when nobody has said for how long. */
  readonly untilMs: number;
}

export interface ScheduleState {
  /** What is followed; undefined while there is no such schedule. */
  readonly watched: { readonly schedule: string; readonly timezone: string } | undefined;
  /** Instants up to here are decided, unless the clock was set back since. */
  readonly cursorMs: number;
  /**
   * Instants that were decided at their time, and never fire again even when the clock is set. Missed instants are not
   * among them: a clock that once ran ahead must not use up the instants before its time.
   */
  readonly spans: readonly Span[];
  /** Whether the next instant to be decided follows on the span that grew last, which ends at the cursor. */
  readonly isSpanOpen: boolean;
  /** Fired, but it is not known yet whether there is a session. */
  readonly unsettled: readonly Fire[];
  /** Fires when the run before it has ended. */
  readonly waitingMs: number | undefined;
  readonly paused: Pause | undefined;
  readonly lastRun: LastRun | undefined;
  readonly lastSkip: LastSkip | undefined;
}

/** Before the first event. */
export const UNKNOWN: ScheduleState = {
  watched: undefined,
  cursorMs: 0,
  spans: [],
  isSpanOpen: false,
  unsettled: [],
  waitingMs: undefined,
  paused: undefined,
  lastRun: undefined,
  lastSkip: undefined,
};

/** The state after an event. */
export function afterEvent(state: ScheduleState, event: ScheduleEvent): ScheduleState {
  switch (event.event) {
    case "watching": {
      const { schedule, timezone } = event;
      // The instant of this very moment has not been missed.
      const cursorMs = Date.parse(event.time) - 1;
      return { ...state, watched: { schedule, timezone }, cursorMs, isSpanOpen: false };
    }
    case "unwatched":
      // One that is added again later is a new one.
      return { ...state, watched: undefined, paused: undefined };
    case "firing": {
      const instant = Date.parse(event.scheduled_timestamp);
      const unsettled = [...state.unsettled, fireOf(event)];
      if (event.fire_id !== undefined) return { ...state, unsettled };
      if (instant === state.waitingMs) return { ...state, waitingMs: undefined, unsettled };
      return { ...decided(state, instant), unsettled };
    }
    case "fired": {
      const { scheduled_timestamp, session_id, delay_ms } = event;
      const lastRun = { scheduled_timestamp, session_id, delay_ms };
      return { ...state, lastRun, unsettled: without(state.unsettled, fireOf(event)) };
    }
    case "waiting": {
      const waitingMs = Date.parse(event.scheduled_timestamp);
      return { ...decided(state, waitingMs), waitingMs };
    }
    case "skipped":
      return afterSkip(state, event);
    case "paused":
      return { ...state, paused: pauseOf(event.time, event.until) };
    case "resumed":
      return { ...state, paused: undefined };
    case "state":
      return restored(event);
  }
}

/** A clock that shows less than the cursor was set back: instants that it reaches again may fire, except those in a span. */
export function setBack(state: ScheduleState, nowMs: number): ScheduleState {
  return { ...state, cursorMs: nowMs - 1, isSpanOpen: false };
}

/** The event that holds a whole state. */
export function stateEvent(schedule: ScheduleId, state: ScheduleState): Omit<StateEvent, "time"> {
  const { paused } = state;
  return {
    event: "state",
    ...about(schedule),
    watched: state.watched ?? null,
    cursor: timestampOf(state.cursorMs),
    spans: state.spans.map(({ fromMs, toMs }) => ({ from: timestampOf(fromMs), to: timestampOf(toMs) })),
    is_span_open: state.isSpanOpen,
    unsettled: state.unsettled.flatMap(({ instantMs, fireId }) =>
      fireId === undefined ? [timestampOf(instantMs)] : [],
    ),
    unsettled_by_hand: state.unsettled.flatMap(({ instantMs, fireId }) =>
      fireId === undefined ? [] : [{ scheduled_timestamp: timestampOf(instantMs), fire_id: fireId }],
    ),
    paused:
      paused === undefined
        ? null
        : {
            since: timestampOf(paused.sinceMs),
            until: Number.isFinite(paused.untilMs) ? timestampOf(paused.untilMs) : null,
          },
    waiting: state.waitingMs === undefined ? null : timestampOf(state.waitingMs),
    last_run: state.lastRun ?? null,
    last_skip: state.lastSkip ?? null,
  };
}

function restored(event: StateEvent): ScheduleState {
  return {
    watched: event.watched ?? undefined,
    cursorMs: Date.parse(event.cursor),
    spans: event.spans.map(({ from, to }) => ({ fromMs: Date.parse(from), toMs: Date.parse(to) })),
    isSpanOpen: event.is_span_open,
    unsettled: [
      ...event.unsettled.map((each): Fire => ({ instantMs: Date.parse(each) })),
      ...event.unsettled_by_hand.map(fireOf),
    ],
    paused: event.paused === null ? undefined : pauseOf(event.paused.since, event.paused.until),
    waitingMs: event.waiting === null ? undefined : Date.parse(event.waiting),
    lastRun: event.last_run ?? undefined,
    lastSkip: event.last_skip ?? undefined,
  };
}

function afterSkip(state: ScheduleState, event: Extract<ScheduleEvent, { event: "skipped" }>): ScheduleState {
  const { time, scheduled_timestamp, until_timestamp, reason, why } = event;
  const lastSkip = { time, scheduled_timestamp, until_timestamp, reason, why };
  const until = Date.parse(until_timestamp);
  switch (reason) {
    case "missed":
    case "too_late":
    case "paused":
      return { ...state, lastSkip, cursorMs: until, isSpanOpen: false };
    case "overlap":
    case "queue_full":
      return { ...decided(state, until), lastSkip };
    case "refused":
      return { ...state, lastSkip, unsettled: without(state.unsettled, fireOf(event)) };
    case "unscheduled":
      return { ...state, lastSkip, waitingMs: undefined };
    case "by_hand":
      // It lies ahead, so the cursor stays.
      return { ...state, lastSkip, spans: withSpan(state.spans, { fromMs: until, toMs: until }) };
  }
}

/** An instant was decided at its time. */
function decided(state: ScheduleState, instantMs: number): ScheduleState {
  const follows = state.isSpanOpen && instantMs > state.cursorMs;
  const span = { fromMs: follows ? state.cursorMs : instantMs, toMs: instantMs };
  return { ...state, cursorMs: instantMs, isSpanOpen: true, spans: withSpan(state.spans, span) };
}

function pauseOf(since: string, until: string | null): Pause {
  return {
    sinceMs: Date.parse(since),
    untilMs: until === null ? Number.POSITIVE_INFINITY : Date.parse(until),
  };
}

function fireOf(event: {
  readonly scheduled_timestamp: string;
  readonly fire_id?: string | undefined;
}): Fire {
  const instantMs = Date.parse(event.scheduled_timestamp);
  return event.fire_id === undefined ? { instantMs } : { instantMs, fireId: event.fire_id };
}

function without(fires: readonly Fire[], gone: Fire): readonly Fire[] {
  return fires.filter(({ instantMs, fireId }) => instantMs !== gone.instantMs || fireId !== gone.fireId);
}
