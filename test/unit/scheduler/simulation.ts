import { type ScheduleId, scheduleKey } from "../../../src/schedule-id.ts";
import { Agenda } from "../../../src/scheduler/agenda.ts";
import type { NewEvent, ScheduleEvent } from "../../../src/scheduler/events.ts";
import { timestampOf } from "../../../src/scheduler/events.ts";
import type { Schedule } from "../../../src/scheduler/planner.ts";
import { afterEvent, type ScheduleState, UNKNOWN } from "../../../src/scheduler/schedule-state.ts";
import { verdicts } from "../../../src/scheduler/verdicts.ts";

/** How late an instant may fire while the daemon runs, and just after its start. */
export const ON_TIME_MS = 90_000;
export const ON_TIME_AFTER_START_MS = 10_000;

/** A daemon with schedules, and no clock but the one that the test sets. What it writes is kept, as its file is. */
export class Simulation {
  readonly written: ScheduleEvent[] = [];
  /** What a daemon that starts now would know. */
  readonly states = new Map<string, ScheduleState>();
  readonly #schedules: readonly Schedule[];
  #agenda = new Agenda(new Map());
  #onTimeMs = ON_TIME_AFTER_START_MS;
  /** Whether each schedule has a session that has not ended. */
  isBusy = false;

  constructor(...schedules: readonly Schedule[]) {
    this.#schedules = schedules;
  }

  /** A daemon starts, with what the one before it has written, and looks at its schedule. */
  start(now: string | number): void {
    this.#agenda = new Agenda(this.states);
    const events = this.#write(this.#agenda.changes(this.#schedules), now);
    this.#agenda.follow(this.#schedules, events);
    this.#onTimeMs = ON_TIME_AFTER_START_MS;
    this.look(now);
  }

  /** The daemon looks at its schedule, and whatever fires becomes a session. */
  look(now: string | number): void {
    const due = this.#agenda.due(msOf(now), this.#onTimeMs);
    const waiting = [...this.#agenda.entries].filter(({ state }) => state.waitingMs !== undefined);
    const busy = new Set(this.isBusy ? this.#schedules.map(scheduleKey) : []);
    const events = this.#write(verdicts(due, waiting, busy), now);
    this.#agenda.apply(events);
    this.#onTimeMs = ON_TIME_MS;
  }

  /** When there is something to decide; infinite when there never is. */
  get nextDueMs(): number {
    return this.#agenda.nextDueMs;
  }

  /** What was decided, in short: `fire due 2026-01-02T03:00`, `skip missed 2026-01-02T03:00..2026-01-02T05:00`. */
  get story(): string[] {
    return this.written.flatMap((event) => {
      if (event.event === "firing") return [`fire ${event.reason} ${short(event.scheduled_timestamp)}`];
      if (event.event === "resumed") return [`resume ${event.reason}`];
      if (event.event === "waiting") return [`wait ${short(event.scheduled_timestamp)}`];
      if (event.event !== "skipped") return [];
      const { scheduled_timestamp: from, until_timestamp: until } = event;
      return [`skip ${event.reason} ${short(from)}${until === from ? "" : `..${short(until)}`}`];
    });
  }

  /** The instants that have fired, in milliseconds, in the order in which they did. */
  get fired(): number[] {
    return this.written.flatMap((event) =>
      event.event === "firing" ? [Date.parse(event.scheduled_timestamp)] : [],
    );
  }

  /** Of one schedule. */
  firedOf({ name }: Pick<ScheduleId, "name">): number[] {
    return this.written.flatMap((event) =>
      event.event === "firing" && event.name === name ? [Date.parse(event.scheduled_timestamp)] : [],
    );
  }

  /** An operator does something, and the daemon writes it down. */
  operate(now: string | number, ...events: readonly NewEvent[]): void {
    this.#agenda.apply(this.#write(events, now));
  }

  /** Adds events to what is written. */
  append(events: readonly ScheduleEvent[]): void {
    for (const event of events) {
      this.written.push(event);
      const key = scheduleKey(event);
      this.states.set(key, afterEvent(this.states.get(key) ?? UNKNOWN, event));
    }
  }

  #write(events: readonly NewEvent[], now: string | number): ScheduleEvent[] {
    const written = events.map((event) => ({ time: timestampOf(msOf(now)), ...event }));
    this.append(written);
    return written;
  }
}

function msOf(now: string | number): number {
  return typeof now === "number" ? now : Date.parse(now);
}

function short(timestamp: string): string {
  return timestamp.replace(/(:00)?\.\d{3}Z$/, "");
}
