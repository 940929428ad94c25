/**
 * Decides what a target is told, and when: once of what needs a person, and not again because it goes on.
 *
 * Pure but for the memory that it is given: events and times in, messages out. So a daemon that dies between two of its
 * writes comes to the same result from the memory that is on disk.
 */
import type { FeedEvent } from "../events/event.ts";
import { matchesGlob } from "../name-glob.ts";
import type { TargetMemory } from "./memory.ts";
import {
  crashOf,
  failureOf,
  type Occurrence,
  occurrenceOf,
  recoveryOf,
  reminderOf,
  verdictOf,
} from "./occurrence.ts";
import type { NotifyTarget } from "./target.ts";

const MINUTE_MS = 60_000;
/** Repetitions within this time are counted, and told together at its end. */
export const FOLD_MS = 10 * MINUTE_MS;
/** So many messages within so much time; the rest of that time becomes one. */
export const STORM_MESSAGES = 20;
export const STORM_MS = 10 * MINUTE_MS;
const NAMED_TITLES = 10;

/** A message, with what it is about: the same again after a crash has the same `key`. */
export interface Told {
  readonly key: string;
  readonly occurrence: Occurrence;
}

export class Judge {
  readonly #target: NotifyTarget;
  readonly #memory: TargetMemory;
  #told: Told[] = [];

  /** @param memory is changed. */
  constructor(target: NotifyTarget, memory: TargetMemory) {
    this.#target = target;
    this.#memory = memory;
  }

  /**
   * What an event leads to.
   *
   * @param afterCrash whether the event is the start of a daemon that follows one that died.
   */
  hear(event: FeedEvent, nowMs: number, afterCrash: boolean): readonly Told[] {
    this.#told = [];
    this.#comeBackTo(nowMs);
    if (event.seq <= this.#memory.since_seq || !this.#listensTo(event)) return [];
    const key = `event/${event.seq}`;
    if (event.type === "session.sealed") this.#ended(event, key, nowMs);
    else if (event.type === "daemon.started") {
      if (afterCrash) this.#tell(key, crashOf(event), nowMs);
    } else {
      const occurrence = occurrenceOf(event);
      if (occurrence !== undefined) this.#tell(key, occurrence, nowMs);
    }
    return this.#told;
  }

  /** What has become due: repetitions together, a storm's rest, and that something still fails. */
  pass(nowMs: number): readonly Told[] {
    this.#told = [];
    this.#comeBackTo(nowMs);
    const { folds, failing, storm } = this.#memory;
    const over = Object.entries(folds).filter(([, { until_ms: untilMs }]) => untilMs <= nowMs);
    for (const [what] of over) Reflect.deleteProperty(folds, what);
    for (const [what, { until_ms: untilMs, count, last }] of over)
      if (last !== null) this.#tell(`fold/${what}/${untilMs}`, together(last, count), nowMs);
    for (const [profile, state] of Object.entries(failing)) {
      const dueMs = this.#reminderMs(state);
      if (dueMs === undefined || dueMs > nowMs) continue;
      const { last, untold, told_time: since } = state;
      const key = `reminder/${profile}/${dueMs}`;
      Object.assign(state, { told_ms: nowMs, told_time: new Date(nowMs).toISOString(), untold: 0 });
      this.#tell(key, reminderOf(last, untold, since), nowMs);
    }
    if (storm.held > 0 && storm.since_ms + STORM_MS <= nowMs) this.#endStorm(nowMs);
    return this.#told;
  }

  /** When `pass` has something to do next, in milliseconds since the epoch; infinite when nothing waits. */
  get dueMs(): number {
    const { folds, failing, storm } = this.#memory;
    return Math.min(
      ...Object.values(folds).map(({ until_ms: until, last }) => (last === null ? Infinity : until)),
      ...Object.values(failing).map((state) => this.#reminderMs(state) ?? Infinity),
      storm.held > 0 ? storm.since_ms + STORM_MS : Infinity,
    );
  }

  /** After the clock was set back nothing may wait for a time that is far away now. */
  #comeBackTo(nowMs: number): void {
    const { folds, failing } = this.#memory;
    for (const fold of Object.values(folds)) fold.until_ms = Math.min(fold.until_ms, nowMs + FOLD_MS);
    for (const state of Object.values(failing))
      if (state.told_ms !== null) state.told_ms = Math.min(state.told_ms, nowMs);
  }

  #listensTo({ profile }: FeedEvent): boolean {
    const { profiles } = this.#target;
    if (profiles === undefined || profile === undefined) return true;
    return profiles.some((glob) => matchesGlob(glob, profile));
  }

  #ended(event: FeedEvent<"session.sealed">, key: string, nowMs: number): void {
    const { failing } = this.#memory;
    const profile = event.profile ?? "";
    const verdict = verdictOf(event);
    const before = failing[profile];
    if (verdict === "fails") {
      const failures = (before?.failures ?? 0) + 1;
      const last = failureOf(event, failures);
      const told = before?.told_ms ?? null;
      const untold = (before?.untold ?? 0) + 1;
      const state = { failures, last, told_ms: told, told_time: before?.told_time ?? "", untold };
      failing[profile] = state;
      if (told !== null || failures < this.#target.after) return;
      Object.assign(state, { told_ms: nowMs, told_time: event.time, untold: 0 });
      this.#tell(key, last, nowMs);
    } else if (verdict === "works" && before !== undefined) {
      Reflect.deleteProperty(failing, profile);
      if (before.told_ms !== null) this.#tell(key, recoveryOf(event, before.failures), nowMs);
    }
  }

  #reminderMs({ told_ms: toldMs, untold }: TargetMemory["failing"][string]): number | undefined {
    const { remindMs } = this.#target;
    return remindMs === undefined || toldMs === null || untold === 0 ? undefined : toldMs + remindMs;
  }

  /** Tells it, unless the same was told a moment ago or too much was. */
  #tell(key: string, occurrence: Occurrence, nowMs: number): void {
    if (!this.#target.on.includes(occurrence.kind)) return;
    const { folds } = this.#memory;
    const what = `${occurrence.what}/${occurrence.profile ?? ""}`;
    const fold = folds[what];
    if (fold !== undefined && fold.until_ms > nowMs) {
      folds[what] = { ...fold, count: fold.count + 1, last: occurrence };
      return;
    }
    folds[what] = { until_ms: nowMs + FOLD_MS, count: 0, last: null };
    this.#send(key, occurrence, nowMs);
  }

  #send(key: string, occurrence: Occurrence, nowMs: number): void {
    const { storm } = this.#memory;
    if (nowMs - storm.since_ms >= STORM_MS || nowMs < storm.since_ms) {
      if (storm.held > 0) this.#endStorm(nowMs);
      else Object.assign(storm, { since_ms: nowMs, sent: 0 });
    }
    if (storm.sent < STORM_MESSAGES) {
      storm.sent += 1;
      this.#told.push({ key, occurrence });
      return;
    }
    storm.held += 1;
    if (storm.titles.length < NAMED_TITLES) storm.titles.push(occurrence.title);
  }

  #endStorm(nowMs: number): void {
    const { storm } = this.#memory;
    const { since_ms: sinceMs, held, titles } = storm;
    const more = held > titles.length ? `, and ${held - titles.length} more` : "";
    const occurrence: Occurrence = {
      ...{ kind: "daemon", what: "storm", type: "notify.held", time: new Date(nowMs).toISOString() },
      ...{ profile: null, session_id: null },
      title: `agentd has ${held} more ${held === 1 ? "message" : "messages"}`,
      why: `After ${STORM_MESSAGES} messages in ${STORM_MS / MINUTE_MS} minutes these were not sent one by one: ${titles.join("; ")}${more}.`,
      look: "agentd ps -a --failed",
    };
    Object.assign(storm, { since_ms: nowMs, sent: 1, held: 0, titles: [] });
    this.#told.push({ key: `storm/${sinceMs}`, occurrence });
  }
}

function together(last: Occurrence, count: number): Occurrence {
  const times = count === 1 ? "once more" : `${count} more times`;
  return { ...last, title: `${last.title} (${times} in ${FOLD_MS / MINUTE_MS} minutes)` };
}
