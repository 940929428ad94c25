import type { FeedEvent } from "./event.ts";

/** Enough for a reader that follows; others read the files. */
const REMEMBERED = 2_000;

/** The newest events, in memory: whoever follows the feed reads no file. */
export class RecentEvents {
  #events: FeedEvent[] = [];
  /** The number of the event before the first of them. */
  #before: number;

  /** @param latest the number of the newest event that there is. */
  constructor(latest: number) {
    this.#before = latest;
  }

  add(events: readonly FeedEvent[]): void {
    this.#events.push(...events);
    // Not at every event: what is removed at the front moves all others.
    if (this.#events.length < 2 * REMEMBERED) return;
    const gone = this.#events.length - REMEMBERED;
    this.#events = this.#events.slice(gone);
    this.#before += gone;
  }

  /** Those after an event; undefined where they are too old to be here. */
  after(seq: number, limit: number): readonly FeedEvent[] | undefined {
    if (seq < this.#before) return undefined;
    const start = seq - this.#before;
    return this.#events.slice(start, start + limit);
  }
}
