/**
 * Passes the feed on to one sink: in order, and each event at least once. How far it has come is in a file, which is
 * written after the sink has taken a batch.
 */
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Backoff } from "../backoff.ts";
import { commitFile, ensureDirectory, stageFile } from "../durable-files.ts";
import { sentence } from "../errors.ts";
import type { EventFeed } from "../events/feed.ts";
import { readIfThere } from "../if-there.ts";
import type { Logger } from "../log.ts";
import { type Sink, SinkFailure } from "./sink.ts";

const EVENTS_AT_ONCE = 100;
const LONGEST_WAIT_MS = 60_000;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 600_000;

export interface SinkRunnerOptions {
  readonly name: string;
  readonly sink: Sink;
  readonly feed: EventFeed;
  /** Where it keeps how far it has come. */
  readonly cursorFile: string;
  /** Resolves after so many milliseconds. Default: a timer. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  readonly log: Logger;
}

export class SinkRunner {
  readonly #options: SinkRunnerOptions;
  readonly #closing = new AbortController();
  readonly #backoff = new Backoff({ firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS });
  #seq: number;
  #why: string | undefined;
  #life: Promise<void> | undefined;

  private constructor(options: SinkRunnerOptions, seq: number) {
    this.#options = options;
    this.#seq = seq;
  }

  /** Goes on where it was; one that is new begins with the next event. */
  static async open(options: SinkRunnerOptions): Promise<SinkRunner> {
    const text = await readIfThere(options.cursorFile);
    const { latest } = options.feed;
    const kept = text === undefined ? Number.NaN : Number.parseInt(text, 10);
    // A feed that begins anew has other numbers.
    const runner = new SinkRunner(options, Number.isNaN(kept) ? latest : Math.min(kept, latest));
    if (text === undefined) await runner.#keep();
    return runner;
  }

  /** How many events it has not got yet. */
  get behind(): number {
    return Math.max(0, this.#options.feed.latest - this.#seq);
  }

  /** Why the sink took nothing at the last try; undefined: it did. */
  get why(): string | undefined {
    return this.#why;
  }

  start(): void {
    this.#life = this.#live();
  }

  /** Ends it, in the middle of a batch too, which is given again by the next daemon. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the daemon ends"));
    await this.#life;
    this.#options.sink.close();
  }

  async #live(): Promise<void> {
    const { feed, log, name, sleep = pause } = this.#options;
    const { signal } = this.#closing;
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      try {
        await feed.wait(this.#seq, LONGEST_WAIT_MS, signal);
        await this.#pass(signal);
        this.#why = undefined;
        this.#backoff.reset();
      } catch (error) {
        if (isOver()) return;
        this.#why = sentence(error);
        log.warn({ sink: name, why: this.#why }, "a sink does not take events");
        const asked = error instanceof SinkFailure ? (error.retryInMs ?? 0) : 0;
        const ms = Math.min(Math.max(this.#backoff.next(), asked), LONGEST_PAUSE_MS);
        await sleep(ms, signal).catch(() => undefined);
      }
    }
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const { feed, sink, log, name } = this.#options;
    const events = await feed.after(this.#seq, EVENTS_AT_ONCE);
    const [first] = events;
    const last = events.at(-1);
    if (first === undefined || last === undefined) return;
    const lost = first.seq - this.#seq - 1;
    if (lost > 0) log.error({ sink: name, lost }, "a sink was away for longer than events are kept");
    await sink.write(events, signal);
    this.#seq = last.seq;
    await this.#keep();
  }

  async #keep(): Promise<void> {
    const { cursorFile } = this.#options;
    await ensureDirectory(dirname(cursorFile), 0o700);
    await stageFile(cursorFile, `${this.#seq}\n`);
    await commitFile(cursorFile);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
}
