import { Agenda } from "../../../src/scheduler/agenda.ts";
import type { NewEvent, ScheduleEvent } from "../../../src/scheduler/events.ts";
import { timestampOf } from "../../../src/scheduler/events.ts";
import type { Schedule } from "../../../src/scheduler/planner.ts";
import { afterEvent, type ScheduleState, UNKNOWN } from "../../../src/scheduler/schedule-state.ts";
import { verdicts } from "../../../src/scheduler/verdicts.ts";

/** How late an instant may fire while the daemon runs, and just after its start. */
export const ON_TIME_MS = 90_000;
export const ON_TIME_AFTER_START_MS = 10_000;

/** A daemon with one schedule, and no clock but the one that the test sets. What it writes is kept, as its file is. */
export class Simulation {
  readonly written: ScheduleEvent[] = [];
  /** What a daemon that starts now would know. */
  readonly states = new Map<string, ScheduleState>();
  readonly #schedule: Schedule;
  #agenda = new Agenda(new Map());
  #onTimeMs = ON_TIME_AFTER_START_MS;
  /** Whether a scheduled session has not ended. */
  isBusy = false;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  /** A daemon starts, with what the one before it has written, and looks at its schedule. */
  start(now: string | number): void {
    this.#agenda = new Agenda(this.states);
    const events = this.#write(this.#agenda.changes([this.#schedule]), now);
    this.#agenda.follow([this.#schedule], events);
    this.#onTimeMs = ON_TIME_AFTER_START_MS;
    this.look(now);
  }

  /** The daemon looks at its schedule, and whatever fires becomes a session. */
  look(now: string | number): void {
    const due = this.#agenda.due(msOf(now), this.#onTimeMs);
    const waiting = [...this.#agenda.entries].filter(({ state }) => state.waitingMs !== undefined);
    const busy = new Set(this.isBusy ? [this.#schedule.profile] : []);
    const events = this.#write(verdicts(due, waiting, busy), now);
    this.#agenda.apply(events);
    this.#onTimeMs = ON_TIME_MS;
  }

  /** When the next instant is due. */
  get nextDue(): string {
    return timestampOf(this.#agenda.nextDueMs);
  }

  /** What was decided, in short: `fire due 2026-01-02T03:00`, `skip missed 2026-01-02T03:00..2026-01-02T05:00`. */
  get story(): string[] {
    return this.written.flatMap((event) => {
      if (event.event === "firing") return [`fire ${event.reason} ${short(event.scheduled_timestamp)}`];
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

  /** Adds events to what is written. */
  append(events: readonly ScheduleEvent[]): void {
    for (const event of events) {
      this.written.push(event);
      this.states.set(event.profile, afterEvent(this.states.get(event.profile) ?? UNKNOWN, event));
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
