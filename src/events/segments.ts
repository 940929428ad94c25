/** The segments of a directory: which there are, and reading them. */
import { readdir, readFile, truncate, unlink } from "node:fs/promises";
import { ensureDirectory } from "../durable-files.ts";
import { ifThere } from "../if-there.ts";
import type { FeedEvent } from "./event.ts";
import {
  type Cursor,
  type Cursors,
  firstSeqOf,
  readEvent,
  readHeader,
  type SegmentHeader,
  segmentPath,
} from "./segment.ts";

/** What a directory holds when its feed is opened. */
export interface OpenedSegments {
  readonly segments: Segments;
  /** The number of the newest event; 0 without any. */
  readonly latest: number;
  /** Bytes of the last segment, which ends with a whole line. */
  readonly length: number;
  /** When the last segment was begun, in milliseconds since the epoch. */
  readonly beganMs: number;
  readonly cursors: Cursors;
}

/** The segments that there are, by the numbers of their first events. */
export class Segments {
  readonly #directory: string;
  /** Oldest first. */
  #firsts: number[];

  constructor(directory: string, firsts: readonly number[]) {
    this.#directory = directory;
    this.#firsts = [...firsts];
  }

  /** The first event that is kept; undefined without a segment. */
  get oldest(): number | undefined {
    return this.#firsts[0];
  }

  /** The first event of the segment that is written. */
  get newest(): number | undefined {
    return this.#firsts.at(-1);
  }

  add(firstSeq: number): void {
    this.#firsts.push(firstSeq);
  }

  /** As `EventFeed.after`. @param latest what is beyond may be in the file and not be durable yet. */
  async after(
    seq: number,
    { limit, latest }: { readonly limit: number; readonly latest: number },
  ): Promise<FeedEvent[]> {
    const events: FeedEvent[] = [];
    let next = Math.max(seq + 1, this.oldest ?? 1);
    while (events.length < limit && next <= latest) {
      const first = this.#firsts.findLast((each) => each <= next) ?? next;
      const end = this.#firsts.find((each) => each > first) ?? latest + 1;
      const content = await ifThere(readFile(segmentPath(this.#directory, first), "utf8"));
      const lines = content?.split("\n").slice(1 + next - first, 1 + end - first) ?? [];
      for (const line of lines) {
        const event = readEvent(line);
        if (event !== undefined && event.seq <= latest) events.push(event);
        if (events.length === limit) return events;
      }
      next = end;
    }
    return events;
  }

  /** The number of the event before the segment that was written at a time. */
  async before(timeMs: number): Promise<number> {
    for (const first of this.#firsts.toReversed()) {
      const { beganMs } = (await this.#headerOf(first)) ?? { beganMs: Infinity };
      if (beganMs <= timeMs) return first - 1;
    }
    return (this.oldest ?? 1) - 1;
  }

  /** Removes the segments whose events were all written before a time; never the last one. */
  async removeOlder(timeMs: number): Promise<void> {
    for (;;) {
      const [first, second] = this.#firsts;
      if (first === undefined || second === undefined) return;
      const header = await this.#headerOf(second);
      if (header !== undefined && header.beganMs >= timeMs) return;
      await ifThere(unlink(segmentPath(this.#directory, first)));
      this.#firsts = this.#firsts.filter((each) => each !== first);
    }
  }

  async #headerOf(first: number): Promise<{ readonly beganMs: number } | undefined> {
    const content = await ifThere(readFile(segmentPath(this.#directory, first), "utf8"));
    return content === undefined ? undefined : headerOf(content.slice(0, content.indexOf("\n")));
  }
}

/** A first line; one that a disk has lost costs what it knew, and not the feed. */
function headerOf(line: string): Pick<SegmentHeader, "beganMs" | "cursors"> {
  try {
    return readHeader(line);
  } catch {
    return { beganMs: 0, cursors: new Map() };
  }
}

/** Finds the segments of a directory, which is made when there is none. A line that was cut short is removed. */
export async function openSegments(directory: string): Promise<OpenedSegments> {
  await ensureDirectory(directory, 0o700);
  const names = await readdir(directory);
  const firsts = names.map(firstSeqOf).filter((first) => first !== undefined);
  firsts.sort((one, other) => one - other);
  const segments = new Segments(directory, firsts);
  const newest = segments.newest;
  if (newest === undefined) return { segments, latest: 0, length: 0, beganMs: 0, cursors: new Map() };
  const path = segmentPath(directory, newest);
  const content = await readFile(path);
  const length = content.lastIndexOf("\n") + 1;
  if (length < content.length) await truncate(path, length);
  const [first = "", ...lines] = content.toString("utf8", 0, length).split("\n").slice(0, -1);
  const header = headerOf(first);
  const cursors = new Map<string, Cursor>(header.cursors);
  for (const event of lines.map(readEvent)) {
    if (event !== undefined) cursors.set(event.source, { seq: event.source_seq, type: event.type });
  }
  return { segments, latest: newest - 1 + lines.length, length, beganMs: header.beganMs, cursors };
}
