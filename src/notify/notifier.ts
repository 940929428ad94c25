/**
 * Tells operators what needs them: follows the feed, keeps what is to be told on disk, and sends it until it arrives.
 *
 * The order of its writes makes each message arrive at least once, with one id: first the messages of some events, then
 * the memory that says that those events were looked at, and only then anything is sent. Whatever is cut short is done again
 * by the next daemon, and comes to the same messages.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { FeedEvent } from "../events/event.ts";
import type { EventFeed } from "../events/feed.ts";
import type { Failpoints } from "../failpoints.ts";
import type { PostResult } from "../http-post.ts";
import type { Logger } from "../log.ts";
import { type Enqueue, oneAtATime } from "../one-at-a-time.ts";
import { type Delivered, Deliveries } from "./deliveries.ts";
import { hear, type NamedJudge } from "./hear.ts";
import { Judge } from "./judge.ts";
import { type Memory, newTargetMemory, type TargetMemory } from "./memory.ts";
import { type Notice, noticeOf, type Sender } from "./notice.ts";
import type { Outbox } from "./outbox.ts";
import { isPing, type NotifyTarget } from "./target.ts";

const EVENTS_AT_ONCE = 500;
/** The longest wait, so that a clock that was set is noticed. */
const LONGEST_WAIT_MS = 60_000;
/** The memory follows the feed this far behind, where nobody has to be told. */
const MOST_UNKEPT_EVENTS = 5_000;

export interface NotifierHost {
  readonly feed: EventFeed;
  readonly outbox: Outbox;
  /** As they are configured now. */
  readonly targets: () => readonly NotifyTarget[];
  readonly sender: Sender;
  readonly send: (target: NotifyTarget, notice: Notice, signal: AbortSignal) => Promise<PostResult>;
  readonly failpoints: Failpoints;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Logger;
}

/** How one target is. */
export interface TargetState {
  readonly pending: number;
  readonly deliveredMs: number | null;
  readonly failed: { readonly at_ms: number; readonly why: string } | null;
  readonly offMs: number | null;
}

export class Notifier {
  readonly #host: NotifierHost;
  readonly #deliveries: Deliveries;
  readonly #closing = new AbortController();
  readonly #enqueue: Enqueue = oneAtATime();
  #memory: Memory;
  #keptSeq: number;
  #wake = new AbortController();

  private constructor(host: NotifierHost, memory: Memory, notices: readonly Notice[]) {
    this.#host = host;
    this.#memory = memory;
    this.#keptSeq = memory.seq;
    this.#deliveries = new Deliveries(
      {
        ...host,
        target: (name) => this.#target(name),
        settled: (name, delivered) => this.#settled(name, delivered),
        isOff: (name) => typeof this.#memory.targets[name]?.off_ms === "number",
        signal: this.#closing.signal,
      },
      notices,
    );
  }

  /**
   * Goes on where an earlier daemon stopped; where none was, with the events from now on.
   *
   * @throws AgentdError `state_unusable`.
   */
  static async open(host: NotifierHost): Promise<Notifier> {
    const seq = host.feed.latest;
    const kept = await host.outbox.memory();
    // Where a daemon has kept it and was not seen to end, it has not ended by itself.
    const memory: Memory =
      kept === undefined
        ? { schema_version: 1, seq, daemon_runs: null, targets: {} }
        : { ...kept, daemon_runs: kept.daemon_runs ?? true };
    const { notices, faults } = await host.outbox.messages();
    for (const error of faults) host.log.error({ error }, "a notification is not sent");
    // A feed that begins anew has other numbers.
    return new Notifier(host, { ...memory, seq: Math.min(memory.seq, seq) }, notices);
  }

  /** Follows the feed until `close`. Does not reject. */
  async run(): Promise<void> {
    const { feed, log, now } = this.#host;
    while (!this.#closing.signal.aborted) {
      const { signal } = (this.#wake = new AbortController());
      try {
        const dueMs = await this.step();
        const ms = Math.min(Math.max(dueMs - now(), 1), LONGEST_WAIT_MS);
        await feed.wait(this.#memory.seq, ms, signal);
      } catch (error) {
        if (signal.aborted) continue;
        log.error({ error }, "notifications wait");
        await delay(LONGEST_WAIT_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /**
   * Looks at the events that came, and begins to send what is due.
   *
   * @returns when there is something to do next, in milliseconds since the epoch.
   * @throws AgentdError `state_unusable`; what a full disk throws. It may be called again then.
   */
  async step(): Promise<number> {
    const { feed, now } = this.#host;
    for (let isMore = true; isMore;) {
      const events = await feed.after(this.#memory.seq, EVENTS_AT_ONCE);
      await this.#enqueue(() => this.#look(events));
      isMore = events.length === EVENTS_AT_ONCE;
    }
    const judgesDueMs = this.#judges(this.#memory).map(({ judge }) => judge.dueMs);
    return Math.min(this.#deliveries.begin(now()), ...judgesDueMs);
  }

  /** Resolves when nothing is being sent. */
  async settled(): Promise<void> {
    await this.#deliveries.settled();
  }

  /** Looks again at once: the targets may have changed. */
  wake(): void {
    this.#wake.abort();
  }

  /** How the target of that name is. */
  stateOf(name: string): TargetState {
    const memory = this.#memory.targets[name];
    return {
      pending: this.#deliveries.pendingOf(name),
      deliveredMs: memory?.delivered_ms ?? null,
      failed: memory?.failed ?? null,
      offMs: memory?.off_ms ?? null,
    };
  }

  /** Sends a message now, beside all others, and says what came of it. When it arrives, a receiver that was off is on again, and what waits for it follows. */
  async try(target: NotifyTarget, notice: Notice): Promise<PostResult> {
    const result = await this.#host.send(target, notice, this.#closing.signal);
    if (result.kind === "accepted") {
      this.#deliveries.hurry(target.name);
      await this.#settled(target.name, { kind: "accepted" });
    }
    this.wake();
    return result;
  }

  /** Ends what is being sent; the next daemon sends it again. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the daemon ends"));
    this.wake();
    await this.settled();
  }

  #target(name: string): NotifyTarget | undefined {
    return this.#targets.find((target) => target.name === name);
  }

  get #targets(): readonly NotifyTarget[] {
    return this.#host.targets().filter((target) => !isPing(target));
  }

  async #look(events: readonly FeedEvent[]): Promise<void> {
    const { now, outbox, sender, failpoints } = this.#host;
    const nowMs = now();
    // A copy, so that nothing is remembered of what could not be written.
    const memory = structuredClone(this.#memory);
    const targets = this.#targets;
    memory.targets = Object.fromEntries(
      targets.map(({ name }) => [name, memory.targets[name] ?? newTargetMemory(memory.seq)]),
    );
    const judges = this.#judges(memory);
    const notices = hear(events, memory, judges, nowMs).map(({ name, told }) =>
      noticeOf(name, told, sender, nowMs),
    );
    memory.seq = events.at(-1)?.seq ?? memory.seq;
    for (const notice of notices) {
      await outbox.put(notice);
      await failpoints.reach("notice_written");
    }
    const isChanged = JSON.stringify(memory.targets) !== JSON.stringify(this.#memory.targets);
    const isFar = memory.seq - this.#keptSeq >= MOST_UNKEPT_EVENTS;
    if (isChanged || isFar || memory.daemon_runs !== this.#memory.daemon_runs) {
      await outbox.remember(memory);
      this.#keptSeq = memory.seq;
    }
    this.#memory = memory;
    if (notices.length > 0) await failpoints.reach("notice_committed");
    this.#deliveries.add(notices);
  }

  /** Of the targets that want to be told something. */
  #judges(memory: Memory): NamedJudge[] {
    return this.#targets.flatMap((target) => {
      const { name } = target;
      const own = memory.targets[name];
      return own === undefined || own.off_ms !== null ? [] : [{ name, judge: new Judge(target, own) }];
    });
  }

  /** Remembers how sending went. */
  async #settled(name: string, delivered: Delivered): Promise<void> {
    await this.#enqueue(async () => {
      const own = this.#memory.targets[name];
      if (own === undefined) return;
      Object.assign(own, changesBy(delivered, this.#host.now()));
      await this.#host.outbox.remember(this.#memory);
    });
    this.wake();
  }
}

function changesBy(delivered: Delivered, nowMs: number): Partial<TargetMemory> {
  switch (delivered.kind) {
    case "accepted":
      return { delivered_ms: nowMs, failed: null, off_ms: null };
    case "gone":
      return { off_ms: nowMs, failed: { at_ms: nowMs, why: "it answered with HTTP 410: it wants no more" } };
    default:
      return { failed: { at_ms: nowMs, why: delivered.why } };
  }
}
