/** The placed sessions of a daemon: looked at again and again, and what is known of each. */
import { setTimeout as delay } from "node:timers/promises";
import { sentence } from "../errors.ts";
import type { Logger } from "../log.ts";
import { type Enqueue, oneAtATime } from "../one-at-a-time.ts";
import type { PlacedEnd, PlacedRun, PlacedRuns, PlacedSeen, PlacedStep } from "../placement/placed-runs.ts";

const LOOK_MS = 1_000;
/** A look at ten thousand sessions takes about a hundred times as long as one at ten: they are looked at less often. */
const LOOKS_COST = 10;
/** An order to end that was carried out, and of which no runner says anything. */
const GIVE_UP_MS = 60_000;

/** One placed session. */
export interface Watch {
  readonly sessionId: string;
  /** Rejects when the daemon leaves it. */
  readonly ended: Promise<PlacedEnd>;
  /** Whether it has. */
  readonly isOver: boolean;
  /** What was seen last; undefined before the first look. */
  readonly seen: PlacedSeen | undefined;
  /** Resolves at the next look. */
  changed(): Promise<void>;
  /** It was told to end at once: where no runner says that it has, it is given up after a while. */
  kill(): void;
}

export interface WatchesOptions {
  readonly runs: () => Promise<PlacedRuns>;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  readonly onTrouble: (why: string | undefined) => void;
  readonly log: Logger;
}

class Watched implements Watch {
  readonly sessionId: string;
  readonly ended: Promise<PlacedEnd>;
  isOver = false;
  seen: PlacedSeen | undefined;
  killedAtMs: number | undefined;
  end!: (end: PlacedEnd) => void;
  leave!: (error: Error) => void;
  onStep: ((step: PlacedStep) => void) | undefined;
  readonly #kill: () => number;
  #waiting: (() => void)[] = [];

  constructor(sessionId: string, now: () => number) {
    this.sessionId = sessionId;
    this.#kill = now;
    this.ended = new Promise((resolve, reject) => {
      this.end = resolve;
      this.leave = reject;
    });
    this.ended.catch(() => undefined); // Whoever waits hears of it.
  }

  kill(): void {
    this.killedAtMs ??= this.#kill();
  }

  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

export class Watches {
  readonly #options: WatchesOptions;
  readonly #over = new AbortController();
  readonly #watched = new Map<string, Watched>();
  /** Looks, and what must not come between the decisions of one. */
  readonly between: Enqueue = oneAtATime();
  #looking: Promise<void> | undefined;
  #wake = new AbortController();

  constructor(options: WatchesOptions) {
    this.#options = options;
  }

  /** Undefined when it is not watched. */
  get(sessionId: string): Watch | undefined {
    return this.#watched.get(sessionId);
  }

  /** Watches a session, also one that an earlier daemon has placed. */
  async add(run: PlacedRun, onStep?: (step: PlacedStep) => void): Promise<Watch> {
    const known = this.#watched.get(run.sessionId);
    const watched = known ?? new Watched(run.sessionId, this.#options.monotonic);
    watched.onStep = onStep ?? watched.onStep;
    const runs = await this.#options.runs();
    if (known === undefined) this.#watched.set(run.sessionId, watched);
    runs.add(run);
    this.#looking ??= this.#look();
    // Not in the middle of a pause.
    this.#wake.abort();
    return watched;
  }

  /** What was done about a session. */
  readonly onStep = (step: PlacedStep): void => this.#watched.get(step.sessionId)?.onStep?.(step);

  readonly onSeen = (seen: PlacedSeen): void => {
    const watched = this.#watched.get(seen.sessionId);
    if (watched !== undefined)
      watched.seen = { ...seen, observation: seen.observation ?? watched.seen?.observation };
  };

  /** It needs no looks any more. */
  async remove(sessionId: string): Promise<void> {
    (await this.#options.runs()).remove(sessionId);
    this.#watched.delete(sessionId);
  }

  /** Leaves all of them to the next daemon. */
  async close(): Promise<void> {
    this.#over.abort();
    this.#wake.abort();
    await this.#looking;
    for (const watched of this.#watched.values()) {
      watched.leave(new Error("the daemon leaves its sessions to the next daemon"));
      watched.tell();
    }
  }

  async #look(): Promise<void> {
    const { monotonic, log, onTrouble } = this.#options;
    const { signal } = this.#over;
    while (!signal.aborted) {
      const begun = monotonic();
      this.#wake = new AbortController();
      try {
        const runs = await this.#options.runs();
        this.#giveUp(runs);
        if (!runs.isEmpty) await this.between(() => this.#lookOnce(runs, signal));
        onTrouble(undefined);
      } catch (error) {
        if (!this.#over.signal.aborted) log.warn({ error }, "cannot look at the sessions on other machines");
        onTrouble(sentence(error));
      }
      const pause = Math.max(LOOK_MS, LOOKS_COST * (monotonic() - begun));
      const until = AbortSignal.any([signal, this.#wake.signal]);
      await delay(pause, undefined, { signal: until }).catch(() => undefined);
    }
  }

  async #lookOnce(runs: PlacedRuns, signal: AbortSignal): Promise<void> {
    const ended = await runs.look(signal);
    for (const [id, end] of ended) {
      const watched = this.#watched.get(id);
      if (watched === undefined) continue;
      watched.isOver = true;
      watched.end(end);
    }
    for (const watched of this.#watched.values()) watched.tell();
  }

  #giveUp(runs: PlacedRuns): void {
    for (const { sessionId, killedAtMs, seen } of this.#watched.values()) {
      const isSilent = seen?.status?.is_connected !== true && seen?.observation?.at !== "running";
      if (killedAtMs !== undefined && isSilent && this.#options.monotonic() - killedAtMs > GIVE_UP_MS)
        runs.giveUp(sessionId);
    }
  }
}
