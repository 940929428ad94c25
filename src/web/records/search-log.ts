/** Looks for a text in a console log of any length: reads it once, and keeps a bounded number of places. */
import type { FileHandle } from "node:fs/promises";
import type { Fingerprints } from "../../redaction/fingerprints.ts";
import { LogIndex } from "../../redaction/log-index.ts";
import { readLines } from "../../redaction/log-lines.ts";
import type { FoundLines } from "../words/page-answers.ts";

/** Places that are kept from the beginning, and as many from the end. */
export const MOST_PLACES = 20_000;

const CHUNK_BYTES = 1024 * 1024;
/** A line that is longer is searched in parts of this length. */
const LONGEST_BYTES = 4 * CHUNK_BYTES;
const LINES_AT_ONCE = 1000;
const NEWLINE = 0x0a;

export interface LogSearch {
  /** What to look for; letters of either case match. Not empty. */
  readonly text: string;
  /** What finds values of credentials; undefined where there are none in the log. They are not searched. */
  readonly fingerprints: Fingerprints | undefined;
  readonly signal: AbortSignal;
}

/** Finds the lines with a text in what was printed; times are not searched. Rejects with the signal's reason. */
export async function searchLog(file: FileHandle, search: LogSearch): Promise<FoundLines> {
  const found = new Places();
  const text = search.text.toLowerCase();
  if (search.fingerprints === undefined || search.fingerprints.forms.length === 0)
    await searchPlain(file, text, found, search.signal);
  else await searchWithValues(file, text, found, search);
  return found.answer;
}

class Places {
  #total = 0;
  readonly #first: number[] = [];
  #last: number[] = [];

  /** @param line from 1. */
  add(line: number): void {
    this.#total += 1;
    if (this.#first.length < MOST_PLACES) this.#first.push(line);
    else this.#last.push(line);
    if (this.#last.length >= 2 * MOST_PLACES) this.#last = this.#last.slice(-MOST_PLACES);
  }

  get answer(): FoundLines {
    return { total: this.#total, first: this.#first, last: this.#last.slice(-MOST_PLACES) };
  }
}

async function searchPlain(
  file: FileHandle,
  text: string,
  found: Places,
  signal: AbortSignal,
): Promise<void> {
  let lines = 0;
  let rest = Buffer.alloc(0);
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const { size } = await file.stat();
  for (let position = 0; position < size;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK_BYTES, size - position), position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const data = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    const end = position < size ? endOfWhole(data) : data.length;
    const part = new LogPart(data.toString("utf8", 0, end));
    for (const line of part.find(text)) found.add(lines + line + 1);
    lines += part.lines;
    // What is longer than any line that agentd shows whole is let go.
    rest = data.subarray(Math.max(end, data.length - LONGEST_BYTES));
  }
}

/** What conmon writes before the text of a line, in small letters: `TIME stdout f `; `p` where the line goes on. */
const HEADER = /^\S+ (stdout|stderr) ([fp]) /;
/** Longer than any. */
const HEADER_LENGTH = 64;
/** Lines of the other stream that may stand between two parts of a line. */
const MOST_BETWEEN = 50;

/** The end of the last line that does not go on in the next. */
function endOfWhole(data: Buffer): number {
  let end = data.lastIndexOf(NEWLINE) + 1;
  for (let tries = 0; end > 0 && tries < MOST_BETWEEN; tries += 1) {
    const start = end < 2 ? 0 : data.lastIndexOf(NEWLINE, end - 2) + 1;
    if (HEADER.exec(data.toString("latin1", start, start + HEADER_LENGTH).toLowerCase())?.[2] !== "p")
      return end;
    end = start;
  }
  return data.lastIndexOf(NEWLINE) + 1;
}

/** Some whole lines of a log. */
class LogPart {
  readonly #all: string;
  /** Where each begins. */
  readonly #starts = [0];

  constructor(all: string) {
    this.#all = all.toLowerCase();
    for (let end = this.#all.indexOf("\n"); end !== -1; end = this.#all.indexOf("\n", end + 1))
      this.#starts.push(end + 1);
  }

  /** How many end with a newline. */
  get lines(): number {
    return this.#starts.length - 1;
  }

  /** The lines with a text, from 0, in their order: a text that goes over two parts of a line counts for the first. */
  find(text: string): number[] {
    const found = new Set<number>();
    for (let hit = this.#all.indexOf(text); hit !== -1;) {
      const line = this.#lineAt(hit);
      const isPrinted = hit >= this.#header(line).printed;
      if (isPrinted && line < this.lines) found.add(line);
      hit = this.#all.indexOf(text, isPrinted ? this.#end(line) : this.#header(line).printed);
    }
    for (let line = 0; line < this.lines; line += 1) {
      if (this.#mayGoOn(line) && this.#header(line).goesOn && this.#joined(line, text.length).includes(text))
        found.add(line);
    }
    return [...found].sort((one, other) => one - other);
  }

  /** Most lines do not, and a look at one letter says so. */
  #mayGoOn(line: number): boolean {
    const space = this.#all.indexOf(" ", this.#starts[line]);
    return this.#all[space + " stdout ".length] === "p";
  }

  /** The end of a line and the beginning of the line in which it goes on, each too short for a text of that length. */
  #joined(line: number, length: number): string {
    const { printed, stream } = this.#header(line);
    const end = this.#all.slice(Math.max(printed, this.#end(line) - length), this.#end(line) - 1);
    for (let next = line + 1; next < Math.min(this.lines, line + MOST_BETWEEN); next += 1) {
      const header = this.#header(next);
      if (header.stream !== stream) continue;
      return (
        end + this.#all.slice(header.printed, Math.min(header.printed + length - 1, this.#end(next) - 1))
      );
    }
    return end;
  }

  #header(line: number) {
    const start = this.#starts[line] ?? 0;
    const [header = "", stream, mark] = HEADER.exec(this.#all.slice(start, start + HEADER_LENGTH)) ?? [];
    return { printed: start + header.length, stream, goesOn: mark === "p" };
  }

  /** Behind its newline. */
  #end(line: number): number {
    return this.#starts[line + 1] ?? this.#all.length;
  }

  #lineAt(place: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

async function searchWithValues(
  file: FileHandle,
  text: string,
  found: Places,
  { fingerprints, signal }: LogSearch,
): Promise<void> {
  const index = new LogIndex();
  await index.update(file);
  /** The last line of each stream, where it goes on. */
  const open = new Map<string, { readonly line: number; readonly end: string }>();
  for (let from = 0; from < index.lines;) {
    signal.throwIfAborted();
    const lines = await readLines(file, index, { from, count: LINES_AT_ONCE, fingerprints });
    if (lines.length === 0) break;
    for (const { line, stream, text: printed, goesOn } of lines) {
      const lower = printed.toLowerCase();
      const before = open.get(stream);
      if (before !== undefined && (before.end + lower.slice(0, text.length - 1)).includes(text))
        found.add(before.line + 1);
      const isHit = lower.includes(text);
      if (isHit) found.add(line + 1);
      // A line that counts already does not count again for its end.
      if (goesOn && !isHit)
        open.set(stream, { line, end: text.length < 2 ? "" : lower.slice(1 - text.length) });
      else open.delete(stream);
    }
    from = (lines.at(-1)?.line ?? from) + 1;
  }
}
