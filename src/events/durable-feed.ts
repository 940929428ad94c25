/** The feed as files: segments in a directory, of which the last one grows. */
import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { commitFile, stageFile } from "../durable-files.ts";
import { AgentdError, sentence } from "../errors.ts";
import type { Failpoints } from "../failpoints.ts";
import type { FeedEvent, NewEvent } from "./event.ts";
import type { EventFeed } from "./feed.ts";
import { FeedCursors, ownerOf } from "./feed-cursors.ts";
import { RecentEvents } from "./recent-events.ts";
import { type Cursor, eventLine, headerLine, segmentPath } from "./segment.ts";
import { type OpenedSegments, openSegments, type Segments } from "./segments.ts";

export interface FeedOptions {
  /** Made when there is none, for its owner alone. */
  readonly directory: string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** How long events are kept, in milliseconds; asked each time. */
  readonly keepMs: () => number;
  readonly failpoints: Failpoints;
  /** A segment that has grown to this is the last one no more. Default 1 MiB. */
  readonly segmentBytes?: number | undefined;
}

/** How an event is added. */
export interface AppendEvent {
  /** Makes the line durable that the event tells of. Default: it is. */
  readonly settled?: (() => Promise<void>) | undefined;
  /** Whether somebody waits for it. Default false: it may be flushed together with the next ones. */
  readonly urgent?: boolean | undefined;
}

interface Waiting {
  readonly event: NewEvent;
  readonly settled: (() => Promise<void>) | undefined;
  readonly done: (event: FeedEvent) => void;
  readonly failed: (error: unknown) => void;
}

const SEGMENT_BYTES = 1024 * 1024;
/** So that events of quiet times go by age, too. */
const SEGMENT_AGE_MS = 86_400_000;
/** The least time from one flush to the next: what comes meanwhile is flushed together. */
const GATHER_MS = 100;

/** The writer of the directory. Only one may exist at a time. */
export class DurableFeed implements EventFeed {
  readonly #options: FeedOptions;
  readonly #segments: Segments;
  readonly #cursors: FeedCursors;
  readonly #recent: RecentEvents;
  /** Whose events were refused, by session or file: the next one would leave a gap. */
  readonly #broken = new Set<string>();
  readonly #wakers = new Set<() => void>();
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  /** Ends the pause between two flushes. */
  #hurry = new AbortController();
  #file: FileHandle | undefined;
  /** Whether the last segment may end with half a line. */
  #isTorn = false;
  #latest: number;
  /** Of the last segment: its bytes that hold whole lines, and when it was begun. */
  #length: number;
  #beganMs: number;

  /** Use `openFeed`. */
  constructor(options: FeedOptions, opened: OpenedSegments) {
    this.#options = options;
    this.#segments = opened.segments;
    this.#cursors = new FeedCursors(opened.cursors);
    this.#latest = opened.latest;
    this.#length = opened.length;
    this.#beganMs = opened.beganMs;
    this.#recent = new RecentEvents(opened.latest);
  }

  get latest(): number {
    return this.#latest;
  }

  get oldest(): number {
    return this.#segments.oldest ?? this.#latest + 1;
  }

  /** The last event of a source that the feed has; undefined where it has none. */
  cursor(source: string): Cursor | undefined {
    return this.#cursors.of(source);
  }

  /** See `EventFeed.append`. Once an event is refused, so are the next ones of its session or file, until `mend`. */
  async append(event: NewEvent, { settled, urgent = false }: AppendEvent = {}): Promise<FeedEvent> {
    if (this.#broken.has(ownerOf(event.source)))
      throw unusable(this.#options.directory, "an earlier event is missing");
    return await new Promise((done, failed) => {
      this.#waiting.push({ event, settled, done, failed });
      if (urgent) this.#hurry.abort();
      this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
    });
  }

  /** Takes events of a session or file again. The caller appends first what is missing after its cursors. */
  mend(owner: string): void {
    this.#broken.delete(owner);
  }

  async after(seq: number, limit: number): Promise<readonly FeedEvent[]> {
    if (seq >= this.#latest) return [];
    const known = Math.max(seq, this.oldest - 1);
    const recent = this.#recent.after(known, limit);
    if (recent !== undefined) return recent;
    try {
      return await this.#segments.after(known, { limit, latest: this.#latest });
    } catch (error) {
      throw unusable(this.#options.directory, sentence(error), error);
    }
  }

  /** The number of the last event before the segment that was being written at a time: events since then come after it. */
  async before(timeMs: number): Promise<number> {
    return await this.#segments.before(timeMs);
  }

  async wait(seq: number, ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#latest > seq || ms <= 0) return;
    const over = new AbortController();
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        this.#wakers.add(resolve);
        const abort = (): void => reject(signal.reason as Error);
        signal.addEventListener("abort", abort, { signal: over.signal });
        over.signal.addEventListener("abort", () => {
          clearTimeout(timer);
          this.#wakers.delete(resolve);
        });
      });
    } finally {
      over.abort();
    }
  }

  /** Writes what waits, and closes the file. */
  async close(): Promise<void> {
    this.#hurry.abort();
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      // All that is added in this turn of the event loop goes in one write.
      await Promise.resolve();
      const batch = this.#waiting.splice(0);
      this.#hurry = new AbortController();
      try {
        await this.#writeBatch(batch);
      } catch (error) {
        this.#refuse([...batch, ...this.#waiting.splice(0)], error);
      }
      await sleep(GATHER_MS, undefined, { signal: this.#hurry.signal }).catch(() => undefined); // In a hurry.
    }
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const { failpoints } = this.#options;
    await Promise.all([...new Set(batch.flatMap(({ settled }) => settled ?? []))].map((settle) => settle()));
    const isOfSession = batch.some(({ event }) => event.session_id !== undefined);
    if (isOfSession) await failpoints.reach("event_writing");
    if (this.#isFull()) await this.#beginSegment();
    const events = batch.map(({ event }, index) => ({ seq: this.#latest + 1 + index, ...event }));
    await this.#append(Buffer.from(events.map(eventLine).join("")));
    for (const event of events) this.#cursors.note(event);
    this.#recent.add(events);
    this.#latest += events.length;
    // Written is written, whatever happens here.
    if (isOfSession) await failpoints.reach("event_written").catch(() => undefined);
    for (const [index, { done }] of batch.entries()) done(events[index] as FeedEvent);
    for (const wake of this.#wakers) wake();
  }

  #isFull(): boolean {
    const { now, segmentBytes = SEGMENT_BYTES } = this.#options;
    if (this.#segments.newest === undefined) return true;
    const isEmpty = this.#segments.newest > this.#latest;
    return !isEmpty && (this.#length >= segmentBytes || now() - this.#beganMs > SEGMENT_AGE_MS);
  }

  async #beginSegment(): Promise<void> {
    const { directory, now, keepMs } = this.#options;
    const [firstSeq, beganMs] = [this.#latest + 1, now()];
    const header = headerLine({ firstSeq, beganMs, cursors: this.#cursors.all });
    const path = segmentPath(directory, firstSeq);
    await stageFile(path, header);
    await commitFile(path);
    await this.#file?.close();
    this.#file = undefined;
    this.#segments.add(firstSeq);
    this.#length = Buffer.byteLength(header);
    this.#beganMs = beganMs;
    this.#cursors.forgetEnded();
    await this.#segments.removeOlder(beganMs - keepMs());
  }

  async #append(lines: Buffer): Promise<void> {
    this.#file ??= await open(segmentPath(this.#options.directory, this.#segments.newest ?? 1), "a");
    // On a full disk half a line may have been written, and the next one must not follow it directly.
    if (this.#isTorn) await this.#file.truncate(this.#length);
    this.#isTorn = true;
    await this.#file.writeFile(lines);
    await this.#file.datasync();
    this.#isTorn = false;
    this.#length += lines.length;
  }

  #refuse(refused: readonly Waiting[], cause: unknown): void {
    for (const { event } of refused) this.#broken.add(ownerOf(event.source));
    const error = unusable(this.#options.directory, sentence(cause), cause);
    for (const { failed } of refused) failed(error);
  }
}

/**
 * Opens the feed of a directory. A line that a crash cut short is removed: nobody has read it.
 *
 * @throws AgentdError `state_unusable`.
 */
export async function openFeed(options: FeedOptions): Promise<DurableFeed> {
  const { directory, now, keepMs } = options;
  try {
    const opened = await openSegments(directory);
    await opened.segments.removeOlder(now() - keepMs());
    return new DurableFeed(options, opened);
  } catch (error) {
    throw unusable(directory, sentence(error), error);
  }
}

function unusable(directory: string, why: string, cause?: unknown): AgentdError {
  return new AgentdError("state_unusable", {
    tried: `use the feed of events in ${directory}`,
    why,
    next: "Check that this user can write to the directory and that the file system has free space.",
    cause,
  });
}
