import { idOfKey, type ScheduleId, scheduleKey } from "../schedule-id.ts";
import type { ScheduleStates } from "./event-log.ts";
import { about, type NewEvent, type ScheduleEvent, skipEvent } from "./events.ts";
import { decide, type Decision, type Schedule, type Upcoming, upcoming, wakeMs } from "./planner.ts";
import { afterEvent, type ScheduleState, setBack, UNKNOWN } from "./schedule-state.ts";

/** A schedule that is followed. */
export interface Entry {
  readonly schedule: Schedule;
  readonly state: ScheduleState;
  readonly upcoming: Upcoming;
  /** When there is something to decide; infinite when there never is. */
  readonly wakeMs: number;
}

/** A decision and its schedule. */
export interface Due {
  readonly schedule: Schedule;
  readonly decision: Decision;
}

/**
 * All schedules with their states. A look with none due costs a comparison or two for each: the next instant is
 * computed only when events have changed a state.
 */
export class Agenda {
  readonly #states: Map<string, ScheduleState>;
  #entries = new Map<string, Entry>();

  /** @param states what earlier events left behind. */
  constructor(states: ScheduleStates) {
    this.#states = new Map(states);
  }

  get states(): ScheduleStates {
    return this.#states;
  }

  /** The schedules that are followed, in the order in which they are configured. */
  get entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  entry(schedule: ScheduleId): Entry | undefined {
    return this.#entries.get(scheduleKey(schedule));
  }

  /** When there is something to decide; infinite without schedules. */
  get nextDueMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.values()) next = Math.min(next, entry.wakeMs);
    return next;
  }

  /**
   * The events after which these schedules are the ones that are followed. One whose expression and zone have not changed
   * continues; any other begins anew. Once they are written, `follow` takes them.
   */
  changes(schedules: readonly Schedule[]): NewEvent[] {
    const wanted = new Set(schedules.map(scheduleKey));
    const gone = [...this.#states].flatMap(([key, { watched, waitingMs }]) =>
      watched === undefined || wanted.has(key) ? [] : endEvents(idOfKey(key), waitingMs),
    );
    const begun = schedules
      .filter((schedule) => !isFollowed(schedule, this.#states.get(scheduleKey(schedule))))
      .map((schedule): NewEvent => {
        const { expression, zone } = schedule;
        return { event: "watching", ...about(schedule), schedule: expression, timezone: zone.name };
      });
    return [...gone, ...begun];
  }

  /** @param events those of `changes`, written. */
  follow(schedules: readonly Schedule[], events: readonly ScheduleEvent[]): void {
    this.apply(events);
    this.#entries = new Map(
      schedules.map((schedule) => {
        const key = scheduleKey(schedule);
        return [key, entryOf(schedule, this.#states.get(key) ?? UNKNOWN)];
      }),
    );
  }

  /** Applies written events. */
  apply(events: readonly ScheduleEvent[]): void {
    for (const event of events) {
      const key = scheduleKey(event);
      this.#set(key, afterEvent(this.#states.get(key) ?? UNKNOWN, event));
    }
  }

  /** The decisions that are due now; deciding changes nothing until the events are applied. */
  due(nowMs: number, onTimeMs: number): Due[] {
    const due: Due[] = [];
    for (const [key, entry] of this.#entries) {
      if (nowMs < entry.state.cursorMs) this.#set(key, setBack(entry.state, nowMs));
      else if (nowMs < entry.wakeMs) continue;
      due.push(...dueOf(this.#entries.get(key) ?? entry, nowMs, onTimeMs));
    }
    return due;
  }

  #set(key: string, state: ScheduleState): void {
    this.#states.set(key, state);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const isMoved = state.cursorMs !== entry.state.cursorMs || state.spans !== entry.state.spans;
    const next = isMoved ? upcoming(entry.schedule, state) : entry.upcoming;
    this.#entries.set(key, { ...entry, state, upcoming: next, wakeMs: wakeMs(state, next) });
  }
}

function dueOf({ schedule, state, upcoming: first }: Entry, nowMs: number, onTimeMs: number): Due[] {
  return decide(schedule, state, first, nowMs, onTimeMs).map((decision) => ({ schedule, decision }));
}

function entryOf(schedule: Schedule, state: ScheduleState): Entry {
  const next = upcoming(schedule, state);
  return { schedule, state, upcoming: next, wakeMs: wakeMs(state, next) };
}

function isFollowed({ expression, zone }: Schedule, state: ScheduleState | undefined): boolean {
  return state?.watched?.schedule === expression && state.watched.timezone === zone.name;
}

/** A profile has lost a schedule, and the run that waited. */
function endEvents(schedule: ScheduleId, waitingMs: number | undefined): NewEvent[] {
  const end: NewEvent = { event: "unwatched", ...schedule };
  if (waitingMs === undefined) return [end];
  return [skipEvent(schedule, waitingMs, waitingMs, "unscheduled"), end];
}
