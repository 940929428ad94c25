/** Reads lines of a console log by their numbers, with names in the place of values. */
import type { FileHandle } from "node:fs/promises";
import { type ConsoleStream, readHeader } from "../podman/console-log.ts";
import { type Fingerprints, MOST_LINE_ENDS } from "./fingerprints.ts";
import type { LogIndex } from "./log-index.ts";
import { findInBytes, type Replaced } from "./redact-log.ts";

/** What one answer holds of the log at most; a longer part is asked for again. */
const MOST_BYTES = 512 * 1024;
/** Room for the headers of the lines that a value spans, and for lines of the other stream between them. */
const SLACK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** A line of the file. */
export interface ReadLine {
  /** From 0. */
  readonly line: number;
  /** Null in a line of another form. */
  readonly time: string | null;
  readonly stream: ConsoleStream;
  readonly text: string;
  readonly goesOn: boolean;
}

/** Which lines to read. */
export interface LineRange {
  /** From 0. */
  readonly from: number;
  readonly count: number;
  /** What finds values; undefined: there are none. */
  readonly fingerprints: Fingerprints | undefined;
}

/**
 * Reads whole lines; fewer than asked for where the log ends or they are long, and at least one.
 *
 * @param index up to date with the file.
 */
export async function readLines(
  file: FileHandle,
  index: LogIndex,
  { from, count, fingerprints }: LineRange,
): Promise<ReadLine[]> {
  if (from >= index.lines) return [];
  const margin = marginOf(fingerprints);
  const wanted = index.at(from);
  // A value may have begun before the first line, and go on behind the last one.
  const first = margin === 0 ? wanted : index.before(Math.max(0, wanted.offset - margin));
  const last = index.at(from + count + 256);
  const isToEnd = last.line < from + count;
  const end = Math.min(isToEnd ? index.bytes : last.offset, wanted.offset + 2 * MOST_BYTES) + margin;
  const data = await readBytes(file, first.offset, Math.min(end, index.bytes));
  const edits = fingerprints === undefined || margin === 0 ? [] : findInBytes(data, fingerprints);
  return collect(data, first.line, { from, count, edits });
}

/** How far a value can reach; 0 where there is none to look for. */
function marginOf(fingerprints: Fingerprints | undefined): number {
  if (fingerprints === undefined || fingerprints.forms.length === 0) return 0;
  const longest = Math.max(...fingerprints.forms.map(({ length }) => length));
  return longest * (MOST_LINE_ENDS + 1) + SLACK_BYTES;
}

async function readBytes(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const data = Buffer.allocUnsafe(Math.max(0, to - from));
  let done = 0;
  while (done < data.length) {
    const { bytesRead } = await file.read(data, done, data.length - done, from + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return data.subarray(0, done);
}

function collect(
  data: Buffer,
  firstLine: number,
  {
    from,
    count,
    edits,
  }: { readonly from: number; readonly count: number; readonly edits: readonly Replaced[] },
): ReadLine[] {
  const lines: ReadLine[] = [];
  let bytes = 0;
  let edit = 0;
  for (let start = 0, line = firstLine; start < data.length && lines.length < count; line += 1) {
    const newline = data.indexOf(NEWLINE, start);
    if (newline === -1) break;
    while ((edits[edit]?.offset ?? Infinity) < start) edit += 1;
    if (line >= from) {
      if (bytes > 0 && bytes + newline - start > MOST_BYTES) break;
      bytes += newline - start;
      lines.push(readLine(data, { start, end: newline, line, edits: edits.slice(edit, edit + 1000) }));
    }
    start = newline + 1;
  }
  return lines;
}

function readLine(
  data: Buffer,
  place: {
    readonly start: number;
    readonly end: number;
    readonly line: number;
    readonly edits: readonly Replaced[];
  },
): ReadLine {
  const { start, end, line, edits } = place;
  const header = readHeader(data, start, end);
  const parts: string[] = [];
  let at = start + (header?.length ?? 0);
  for (const { offset, bytes, by } of edits) {
    if (offset >= end) break;
    parts.push(data.toString("utf8", at, offset), by);
    at = offset + bytes;
  }
  parts.push(data.toString("utf8", at, end));
  return {
    line,
    time: header?.time ?? null,
    stream: header?.stream ?? "stdout",
    text: parts.join(""),
    goesOn: header?.goesOn ?? false,
  };
}
