/**
 * A segment of the feed: a file of JSON lines, one event a line, named by its first event. Its first line says what is
 * known of the files that the events before it tell of.
 */
import { join } from "node:path";
import * as z from "zod";
import { type EventType, type FeedEvent, feedEventSchema } from "./event.ts";

/** The last event that a file has in the feed. */
export interface Cursor {
  readonly seq: number;
  readonly type: EventType;
}

/** By source. */
export type Cursors = ReadonlyMap<string, Cursor>;

export interface SegmentHeader {
  readonly firstSeq: number;
  /** When the segment was begun, in milliseconds since the epoch. */
  readonly beganMs: number;
  readonly cursors: Cursors;
}

const NAME = /^(\d{16})\.jsonl$/;

const headerSchema = z.object({
  segment: z.literal(1),
  first_seq: z.int().min(1),
  time: z.iso.datetime(),
  cursors: z.record(z.string(), z.tuple([z.int(), z.string()])),
});

export function segmentPath(directory: string, firstSeq: number): string {
  return join(directory, `${String(firstSeq).padStart(16, "0")}.jsonl`);
}

/** The number of the first event of a segment, by its file's name; undefined for any other file. */
export function firstSeqOf(name: string): number | undefined {
  const [, digits] = NAME.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

export function headerLine({ firstSeq, beganMs, cursors }: SegmentHeader): string {
  const time = new Date(beganMs).toISOString();
  const known = [...cursors].map(([source, { seq, type }]) => [source, [seq, type] as const] as const);
  return `${JSON.stringify({ segment: 1, first_seq: firstSeq, time, cursors: Object.fromEntries<readonly [number, string]>(known) })}\n`;
}

/** The first line of a segment. @throws Error when it is none. */
export function readHeader(line: string): SegmentHeader {
  const { first_seq: firstSeq, time, cursors } = headerSchema.parse(JSON.parse(line));
  const known = Object.entries(cursors).map(
    ([source, [seq, type]]) => [source, { seq, type: type as EventType }] as const,
  );
  return { firstSeq, beganMs: Date.parse(time), cursors: new Map(known) };
}

/** An event as it is in its line. */
export function eventLine(event: FeedEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/** The event of a line; undefined where it has none, as on a disk that lost something. */
export function readEvent(line: string): FeedEvent | undefined {
  try {
    return feedEventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // Not JSON: a reader goes on with the next line.
  }
}
