/** Gives dead men's switches their signs: that sessions begin and end, and that the daemon lives. */
import { setTimeout as delay } from "node:timers/promises";
import type { FeedEvent } from "../events/event.ts";
import type { EventFeed } from "../events/feed.ts";
import type { PostResult } from "../http-post.ts";
import type { Logger } from "../log.ts";
import { matchesGlob } from "../name-glob.ts";
import type { PingSignal } from "./formats.ts";
import { verdictOf } from "./occurrence.ts";
import { isPing, type NotifyTarget } from "./target.ts";

const EVENTS_AT_ONCE = 500;
const BEAT_MS = 60_000;
/** The pauses before a sign is given again; then the next sign has to do. */
const PAUSES_MS = [5_000, 30_000, 120_000];

export interface PingerHost {
  readonly feed: Pick<EventFeed, "after" | "wait">;
  /** The event after which it listens. */
  readonly sinceSeq: number;
  readonly targets: () => readonly NotifyTarget[];
  readonly ping: (target: NotifyTarget, what: PingSignal, signal: AbortSignal) => Promise<PostResult>;
  /** Resolves after so many milliseconds. Default: a timer. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

/** How the signs of a target went. */
export interface PingState {
  readonly deliveredMs: number | null;
  readonly failed: { readonly at_ms: number; readonly why: string } | null;
}

export class Pinger {
  readonly #host: PingerHost;
  readonly #states = new Map<string, PingState>();
  readonly #giving = new Map<string, AbortController>();
  readonly #running = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #seq: number;
  #beatMs = 0;

  constructor(host: PingerHost) {
    this.#host = host;
    this.#seq = host.sinceSeq;
  }

  /** Follows the feed until `close`. Does not reject. */
  async run(): Promise<void> {
    const { feed, log } = this.#host;
    const { signal } = this.#closing;
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      try {
        await this.step();
        await feed.wait(this.#seq, BEAT_MS, signal);
      } catch (error) {
        if (isOver()) return;
        log.error({ error }, "signs for dead men's switches wait");
        await delay(BEAT_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Begins to give the signs that are due. */
  async step(): Promise<void> {
    const { feed, targets, now } = this.#host;
    const all = targets().filter(isPing);
    for (let isMore = true; isMore;) {
      const events = await feed.after(this.#seq, EVENTS_AT_ONCE);
      for (const event of events) {
        const sign = signOf(event);
        const { profile } = event;
        if (sign === undefined || profile === undefined) continue;
        for (const target of all)
          if (target.profiles?.some((glob) => matchesGlob(glob, profile)) === true) this.#give(target, sign);
      }
      this.#seq = events.at(-1)?.seq ?? this.#seq;
      isMore = events.length === EVENTS_AT_ONCE;
    }
    const nowMs = now();
    if (nowMs - this.#beatMs < BEAT_MS && nowMs >= this.#beatMs) return;
    this.#beatMs = nowMs;
    for (const target of all) if (target.profiles === undefined) this.#give(target, "ok");
  }

  stateOf(name: string): PingState {
    return this.#states.get(name) ?? { deliveredMs: null, failed: null };
  }

  /** Resolves when no sign is being given. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error("the daemon ends"));
    for (const giving of this.#giving.values()) giving.abort();
    await this.settled();
  }

  /** An earlier sign that did not get through is given no more. */
  #give(target: NotifyTarget, sign: PingSignal): void {
    this.#giving.get(target.name)?.abort();
    const giving = new AbortController();
    this.#giving.set(target.name, giving);
    const running = this.#try(target, sign, giving.signal)
      // Its signal: another sign has taken its place, or the daemon ends.
      .catch(() => undefined)
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #try(target: NotifyTarget, sign: PingSignal, signal: AbortSignal): Promise<void> {
    const { ping, now, log, sleep = pause } = this.#host;
    for (const pauseMs of [...PAUSES_MS, undefined]) {
      const result = await ping(target, sign, signal);
      if (result.kind === "accepted") {
        this.#states.set(target.name, { deliveredMs: now(), failed: null });
        return;
      }
      const why = result.kind === "gone" ? "it answered with HTTP 410" : result.why;
      const { deliveredMs } = this.stateOf(target.name);
      this.#states.set(target.name, { deliveredMs, failed: { at_ms: now(), why } });
      log.warn({ notify: target.name, sign, why }, "a sign for a dead man's switch did not get through");
      if (pauseMs === undefined || result.kind !== "failed") return;
      await sleep(pauseMs, signal);
    }
  }
}

/** The sign that an event is; undefined: none. */
function signOf(event: FeedEvent): PingSignal | undefined {
  if (event.type === "session.running") return "start";
  const verdict = verdictOf(event);
  if (verdict === "works") return "ok";
  return verdict === "fails" ? "fail" : undefined;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
}
