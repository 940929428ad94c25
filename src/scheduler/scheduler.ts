import { setTimeout as sleep } from "node:timers/promises";
import { AgentdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { type Enqueue, oneAtATime } from "../one-at-a-time.ts";
import { idOfKey, type ScheduleId, scheduleKey } from "../schedule-id.ts";
import { Agenda, type Due, type Entry } from "./agenda.ts";
import type { EventLog, ScheduleStates } from "./event-log.ts";
import { about, fireEvent, type NewEvent, type ScheduleEvent, skipEvent, timestampOf } from "./events.ts";
import type { Schedule } from "./planner.ts";
import type { ScheduledSession, SessionsClient } from "./sessions-client.ts";
import { settle, type Settled, type Unsettled } from "./settlement.ts";
import { verdicts } from "./verdicts.ts";

/** The longest sleep, so that a clock that was set or stood still is noticed. */
const LONGEST_NAP_MS = 60_000;

/** How late an instant may fire without having been missed: the longest nap and a margin. */
const ON_TIME_MS = 90_000;

/** The same just after the start: a restart must not lose a run. */
const ON_TIME_AFTER_START_MS = 10_000;

/** How long to wait before a retry. */
const RETRY_MS = 2_000;

/** Runs asked for at the same time. */
const MAX_RUNS_AT_ONCE = 32;

/** Sessions whose ends are waited for at the same time; the others are looked at when one of those has ended. */
const MAX_ENDS_AWAITED = 64;

export interface SchedulerHost {
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly events: EventLog;
  /** What earlier events left behind. */
  readonly states: ScheduleStates;
  readonly sessions: SessionsClient;
  readonly log: Logger;
}

/** Fires schedules: sleeps until something is due, lets the planner decide, writes that down and carries it out. */
export class Scheduler {
  readonly #host: SchedulerHost;
  readonly #agenda: Agenda;
  readonly #enqueue: Enqueue = oneAtATime();
  /** Sessions whose end wakes the scheduler. */
  readonly #awaited = new Set<string>();
  #onTimeMs = ON_TIME_AFTER_START_MS;
  #nap = new AbortController();
  #isStopped = false;
  #life: Promise<void> = Promise.resolve();

  constructor(host: SchedulerHost) {
    this.#host = host;
    this.#agenda = new Agenda(host.states);
  }

  /** The schedules that are followed, with their states. */
  get entries(): Iterable<Entry> {
    return this.#agenda.entries;
  }

  entry(schedule: ScheduleId): Entry | undefined {
    return this.#agenda.entry(schedule);
  }

  /** Follows these schedules from now on. Throws AgentdError `state_unusable`; nothing has changed then. */
  async follow(schedules: readonly Schedule[]): Promise<void> {
    await this.#enqueue(async () => {
      const written = await this.#host.events.append(this.#agenda.changes(schedules));
      this.#agenda.follow(schedules, written);
    });
    this.#wake();
  }

  /** Lets schedules fire only by hand. @param untilMs when they fire again; undefined: when they are resumed. */
  async pause(entries: readonly Entry[], untilMs: number | undefined): Promise<void> {
    const until = untilMs === undefined ? null : timestampOf(untilMs);
    await this.#operate(() =>
      entries.map(({ schedule }) => ({ event: "paused", ...about(schedule), until })),
    );
  }

  /** Lets schedules fire again; those that are not paused are left as they are. */
  async resume(entries: readonly Entry[]): Promise<void> {
    await this.#operate(() =>
      entries
        .filter(({ schedule }) => this.entry(schedule)?.state.paused !== undefined)
        .map(({ schedule }) => ({ event: "resumed", ...about(schedule), reason: "by_hand" })),
    );
  }

  /** Skips the next run. @throws AgentdError `schedule_refused` when there is none that could be skipped. */
  async skipNext(schedule: ScheduleId, tried: string): Promise<void> {
    await this.#operate(() => {
      const entry = this.entry(schedule);
      const isPaused = entry?.state.paused !== undefined;
      const instantMs = entry?.upcoming.instantMs ?? Number.POSITIVE_INFINITY;
      if (!isPaused && Number.isFinite(instantMs))
        return [skipEvent(schedule, instantMs, instantMs, "by_hand")];
      throw new AgentdError("schedule_refused", {
        tried,
        why: isPaused ? "the schedule is paused" : "the schedule has no next run",
        next: isPaused ? "Resume it first, or pause it for longer." : undefined,
      });
    });
  }

  /**
   * Starts a run now.
   *
   * @param fireId identifies it: a second call with the same one starts no second run.
   * @returns the session.
   * @throws AgentdError when the daemon refuses the run. With `daemon_stopping` the next daemon starts it.
   */
  async fire(schedule: ScheduleId, fireId: string): Promise<string> {
    const { sessions, log, now } = this.#host;
    const { session, error } = await this.#enqueue(async (): Promise<Settled> => {
      const begun = this.#unsettled().find(({ fire }) => fire.fireId === fireId);
      const fire = begun?.fire ?? { instantMs: now(), fireId };
      const earlier = await sessions.find(schedule, fire);
      if (earlier !== undefined && begun === undefined)
        return { event: undefined, session: earlier.session_id };
      const firing = { ...fireEvent(schedule, fire.instantMs, "by_hand"), fire_id: fireId };
      if (begun === undefined) await this.#write([firing]);
      const settled = await settle({ schedule, fire, isInherited: earlier !== undefined }, sessions, log);
      if (settled.event !== undefined) await this.#write([settled.event]);
      return settled;
    });
    this.#wake();
    if (session === undefined) throw error;
    return session;
  }

  /** Begins to fire. */
  start(): void {
    this.#life = this.#live();
  }

  /** Fires no more; resolves when running work is done. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.#life;
    await this.#host.sessions.close();
  }

  async #operate(events: () => readonly NewEvent[]): Promise<void> {
    await this.#enqueue(() => this.#write(events()));
    this.#wake();
  }

  async #live(): Promise<void> {
    while (!this.#isStopped) {
      const quietMs = await this.#enqueue(() => this.#pass());
      await this.#sleep(Math.min(quietMs, this.#agenda.nextDueMs - this.#host.now()));
    }
  }

  async #sleep(ms: number): Promise<void> {
    this.#nap = new AbortController();
    if (this.#isStopped) return;
    // Waking early is harmless: the loop checks the time again.
    await sleep(Math.max(ms, 1), undefined, { signal: this.#nap.signal }).catch(() => undefined);
  }

  #wake(): void {
    this.#nap.abort();
  }

  /** @returns how long the scheduler can sleep if nothing comes due, in milliseconds. */
  async #pass(): Promise<number> {
    const { events, log } = this.#host;
    try {
      const hasDecided = await this.#decide();
      const isSettled = await this.#settle();
      if (events.isLarge) await events.rotate(this.#agenda.states);
      if (!isSettled) return RETRY_MS;
      // A waiting run may wait for one that has just begun.
      return hasDecided ? 0 : LONGEST_NAP_MS;
    } catch (error) {
      log.error({ error }, "the scheduler failed; schedules do not run");
      return RETRY_MS;
    }
  }

  /** @returns whether there was something to decide. */
  async #decide(): Promise<boolean> {
    const due = this.#agenda.due(this.#host.now(), this.#onTimeMs);
    const waiting = [...this.#agenda.entries].filter(({ state }) => state.waitingMs !== undefined);
    const open = await this.#openSessions(due, waiting);
    const settling = this.#unsettled().map(({ schedule }) => scheduleKey(schedule));
    const busy = new Set([...open.map(({ schedule }) => schedule), ...settling]);
    const events = verdicts(due, waiting, busy);
    await this.#write(events);
    this.#onTimeMs = ON_TIME_MS;
    return events.length > 0;
  }

  /** The sessions of schedules that have not ended, if a decision depends on them. */
  async #openSessions(due: readonly Due[], waiting: readonly Entry[]): Promise<readonly ScheduledSession[]> {
    const isAsked = waiting.length > 0 || due.some(({ schedule }) => schedule.overlap !== "allow");
    if (!isAsked) return [];
    const open = await this.#host.sessions.open();
    const keys = new Set(waiting.map(({ schedule }) => scheduleKey(schedule)));
    for (const { id, schedule } of open) if (keys.has(schedule)) this.#awaitEnd(id);
    return open;
  }

  /** Looks again when a session ends for which a run waits. */
  #awaitEnd(sessionId: string): void {
    if (this.#awaited.has(sessionId) || this.#awaited.size >= MAX_ENDS_AWAITED) return;
    this.#awaited.add(sessionId);
    void this.#host.sessions
      .ended(sessionId)
      // If the wait fails, the next look finds out.
      .then(
        () => this.#wake(),
        () => undefined,
      )
      .then(() => this.#awaited.delete(sessionId));
  }

  /** @returns whether nothing is left to be settled. */
  async #settle(): Promise<boolean> {
    const { sessions, log } = this.#host;
    const unsettled = this.#unsettled();
    for (let from = 0; from < unsettled.length; from += MAX_RUNS_AT_ONCE) {
      const batch = unsettled.slice(from, from + MAX_RUNS_AT_ONCE);
      const settled = await Promise.all(batch.map((each) => settle(each, sessions, log)));
      await this.#write(settled.flatMap(({ event }) => (event === undefined ? [] : [event])));
    }
    return this.#unsettled().length === 0;
  }

  #unsettled(): Unsettled[] {
    return [...this.#agenda.states].flatMap(([key, { unsettled }]) => {
      const inherited = this.#host.states.get(key)?.unsettled ?? [];
      return unsettled.map((fire) => {
        const isInherited = inherited.some(
          ({ instantMs, fireId }) => instantMs === fire.instantMs && fireId === fire.fireId,
        );
        return { schedule: idOfKey(key), fire, isInherited };
      });
    });
  }

  async #write(events: readonly NewEvent[]): Promise<void> {
    const { events: file, log } = this.#host;
    const written = await file.append(events);
    this.#agenda.apply(written);
    for (const event of written) tell(event, log);
  }
}

/** What an operator did, or what ends it, is in the log too. */
function tell(event: ScheduleEvent, log: Logger): void {
  const told = about(event);
  if (event.event === "paused") log.info({ ...told, until: event.until }, "schedule paused");
  if (event.event === "resumed") log.info({ ...told, reason: event.reason }, "schedule resumed");
  if (event.event === "skipped" && event.reason === "by_hand")
    log.info({ ...told, scheduled: event.scheduled_timestamp }, "schedule skips its next run");
}
