import type { ScheduleStates } from "./event-log.ts";
import { type NewEvent, type ScheduleEvent, skipEvent } from "./events.ts";
import { decide, type Decision, type Schedule, type Upcoming, upcoming } from "./planner.ts";
import { afterEvent, type ScheduleState, setBack, UNKNOWN } from "./schedule-state.ts";

/** A schedule that is followed. */
export interface Entry {
  readonly schedule: Schedule;
  readonly state: ScheduleState;
  readonly upcoming: Upcoming;
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

  entry(profile: string): Entry | undefined {
    return this.#entries.get(profile);
  }

  /** When the next instant is due; infinite without schedules. */
  get nextDueMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries.values()) next = Math.min(next, entry.upcoming.dueMs);
    return next;
  }

  /**
   * The events after which these schedules are the ones that are followed. One whose expression and zone have not changed
   * continues; any other begins anew. Once they are written, `follow` takes them.
   */
  changes(schedules: readonly Schedule[]): NewEvent[] {
    const wanted = new Map(schedules.map((schedule) => [schedule.profile, schedule]));
    const gone = [...this.#states].flatMap(([profile, { watched, waitingMs }]) =>
      watched === undefined || wanted.has(profile) ? [] : endEvents(profile, waitingMs),
    );
    const begun = schedules
      .filter((schedule) => !isFollowed(schedule, this.#states.get(schedule.profile)))
      .map(({ profile, expression, zone }): NewEvent => {
        return { event: "watching", profile, schedule: expression, timezone: zone.name };
      });
    return [...gone, ...begun];
  }

  /** @param events those of `changes`, written. */
  follow(schedules: readonly Schedule[], events: readonly ScheduleEvent[]): void {
    this.apply(events);
    this.#entries = new Map(
      schedules.map((schedule) => {
        const state = this.#states.get(schedule.profile) ?? UNKNOWN;
        return [schedule.profile, entryOf(schedule, state)];
      }),
    );
  }

  /** Applies written events. */
  apply(events: readonly ScheduleEvent[]): void {
    for (const event of events) {
      this.#set(event.profile, afterEvent(this.#states.get(event.profile) ?? UNKNOWN, event));
    }
  }

  /** The decisions that are due now; deciding changes nothing until the events are applied. */
  due(nowMs: number, onTimeMs: number): Due[] {
    const due: Due[] = [];
    for (const entry of this.#entries.values()) {
      if (nowMs < entry.state.cursorMs) this.#set(entry.schedule.profile, setBack(entry.state, nowMs));
      else if (nowMs < entry.upcoming.dueMs) continue;
      due.push(...dueOf(this.#entries.get(entry.schedule.profile) ?? entry, nowMs, onTimeMs));
    }
    return due;
  }

  #set(profile: string, state: ScheduleState): void {
    this.#states.set(profile, state);
    const entry = this.#entries.get(profile);
    if (entry === undefined) return;
    const isMoved = state.cursorMs !== entry.state.cursorMs || state.spans !== entry.state.spans;
    this.#entries.set(profile, isMoved ? entryOf(entry.schedule, state) : { ...entry, state });
  }
}

function dueOf({ schedule, state, upcoming: first }: Entry, nowMs: number, onTimeMs: number): Due[] {
  if (nowMs < first.dueMs) return [];
  return decide(schedule, state, first, nowMs, onTimeMs).map((decision) => ({ schedule, decision }));
}

function entryOf(schedule: Schedule, state: ScheduleState): Entry {
  return { schedule, state, upcoming: upcoming(schedule, state) };
}

function isFollowed({ expression, zone }: Schedule, state: ScheduleState | undefined): boolean {
  return state?.watched?.schedule === expression && state.watched.timezone === zone.name;
}

/** A profile has lost its schedule, and the run that waited. */
function endEvents(profile: string, waitingMs: number | undefined): NewEvent[] {
  const end: NewEvent = { event: "unwatched", profile };
  if (waitingMs === undefined) return [end];
  return [skipEvent(profile, waitingMs, waitingMs, "unscheduled"), end];
}
