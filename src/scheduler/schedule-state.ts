/**
 * What is known of a profile's schedule. Events make it, those of this life as those that the file holds.
 */
import { type LastRun, type LastSkip, type ScheduleEvent, type StateEvent, timestampOf } from "./events.ts";
import { type Span, withSpan } from "./spans.ts";

export interface ScheduleState {
  /** What is followed; undefined while the profile has no schedule. */
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
  readonly unsettled: readonly number[];
  /** Fires when the run before it has ended. */
  readonly waitingMs: number | undefined;
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
      return { ...state, watched: undefined };
    case "firing": {
      const instant = Date.parse(event.scheduled_timestamp);
      const unsettled = [...state.unsettled, instant];
      if (instant === state.waitingMs) return { ...state, waitingMs: undefined, unsettled };
      return { ...decided(state, instant), unsettled };
    }
    case "fired": {
      const { scheduled_timestamp, session_id, delay_ms } = event;
      const lastRun = { scheduled_timestamp, session_id, delay_ms };
      return { ...state, lastRun, unsettled: without(state.unsettled, scheduled_timestamp) };
    }
    case "waiting": {
      const waitingMs = Date.parse(event.scheduled_timestamp);
      return { ...decided(state, waitingMs), waitingMs };
    }
    case "skipped":
      return afterSkip(state, event);
    case "state":
      return restored(event);
  }
}

/** A clock that shows less than the cursor was set back: instants that it reaches again may fire, except those in a span. */
export function setBack(state: ScheduleState, nowMs: number): ScheduleState {
  return { ...state, cursorMs: nowMs - 1, isSpanOpen: false };
}

/** The event that holds a whole state. */
export function stateEvent(profile: string, state: ScheduleState): Omit<StateEvent, "time"> {
  return {
    event: "state",
    profile,
    watched: state.watched ?? null,
    cursor: timestampOf(state.cursorMs),
    spans: state.spans.map(({ fromMs, toMs }) => ({ from: timestampOf(fromMs), to: timestampOf(toMs) })),
    is_span_open: state.isSpanOpen,
    unsettled: state.unsettled.map(timestampOf),
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
    unsettled: event.unsettled.map((each) => Date.parse(each)),
    waitingMs: event.waiting === null ? undefined : Date.parse(event.waiting),
    lastRun: event.last_run ?? undefined,
    lastSkip: event.last_skip ?? undefined,
  };
}

function afterSkip(
  state: ScheduleState,
  { time, scheduled_timestamp, until_timestamp, reason, why }: Extract<ScheduleEvent, { event: "skipped" }>,
): ScheduleState {
  const lastSkip = { time, scheduled_timestamp, until_timestamp, reason, why };
  const until = Date.parse(until_timestamp);
  switch (reason) {
    case "missed":
    case "too_late":
      return { ...state, lastSkip, cursorMs: until, isSpanOpen: false };
    case "overlap":
    case "queue_full":
      return { ...decided(state, until), lastSkip };
    case "refused":
      return { ...state, lastSkip, unsettled: without(state.unsettled, until_timestamp) };
    case "unscheduled":
      return { ...state, lastSkip, waitingMs: undefined };
  }
}

/** An instant was decided at its time. */
function decided(state: ScheduleState, instantMs: number): ScheduleState {
  const follows = state.isSpanOpen && instantMs > state.cursorMs;
  const span = { fromMs: follows ? state.cursorMs : instantMs, toMs: instantMs };
  return { ...state, cursorMs: instantMs, isSpanOpen: true, spans: withSpan(state.spans, span) };
}

function without(instants: readonly number[], timestamp: string): readonly number[] {
  return instants.filter((each) => each !== Date.parse(timestamp));
}
