/** A few lines of a session's output, chosen while all of it passes. */
import { stripVTControlCharacters } from "node:util";

export interface LogLine {
  /** From 1, over both streams in the order in which they were printed. */
  readonly number: number;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** Which lines; without any, the last ones. */
export interface WantedLines {
  /** The first and the last number. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** So many of the last ones; also of those that match. */
  readonly tail?: number | undefined;
  /** Only lines with this text in them, in capitals or not. */
  readonly search?: string | undefined;
}

export interface LogWindowView {
  readonly lines: readonly LogLine[];
  /** Of the output. */
  readonly total_lines: number;
  /** Whether lines that were asked for are left out, because there is no room for them. */
  readonly is_cut: boolean;
}

/** What a client gets at most, in characters. */
const MOST_TEXT = 20_000;
/** What is shown of one line. */
const MOST_OF_LINE = 2_000;
const DEFAULT_TAIL = 100;

export class LogWindow {
  readonly #wanted: WantedLines;
  readonly #search: string | undefined;
  readonly #isFromStart: boolean;
  readonly #begun = { stdout: "", stderr: "" };
  readonly #decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  #lines: LogLine[] = [];
  #text = 0;
  #total = 0;
  #isCut = false;

  constructor(wanted: WantedLines) {
    this.#isFromStart = wanted.tail === undefined && (wanted.from ?? wanted.to) !== undefined;
    this.#wanted = wanted;
    this.#search = wanted.search?.toLowerCase();
  }

  take(stream: LogLine["stream"], bytes: Buffer): void {
    const text = this.#begun[stream] + this.#decoders[stream].decode(bytes, { stream: true });
    const lines = text.split("\n");
    // What no line shows is not kept.
    this.#begun[stream] = (lines.pop() ?? "").slice(0, 4 * MOST_OF_LINE);
    for (const line of lines) this.#add(stream, line);
  }

  /** What was chosen; call it once. */
  end(): LogWindowView {
    for (const stream of ["stdout", "stderr"] as const)
      if (this.#begun[stream] !== "") this.#add(stream, this.#begun[stream]);
    return { lines: this.#lines, total_lines: this.#total, is_cut: this.#isCut };
  }

  #add(stream: LogLine["stream"], line: string): void {
    this.#total += 1;
    const number = this.#total;
    const { from = 1, to = Infinity, tail = DEFAULT_TAIL } = this.#wanted;
    if (number < from || number > to) return;
    const text = plain(line);
    if (this.#search !== undefined && !text.toLowerCase().includes(this.#search)) return;
    if (this.#isFromStart && this.#text + text.length > MOST_TEXT) {
      this.#isCut = true;
      return;
    }
    this.#lines.push({ number, stream, text });
    this.#text += text.length;
    while (!this.#isFromStart && (this.#lines.length > tail || this.#text > MOST_TEXT)) {
      this.#isCut ||= this.#lines.length <= tail;
      this.#text -= this.#lines.shift()?.text.length ?? 0;
    }
  }
}

/** Without colours, and without characters that do something. */
function plain(line: string): string {
  const text = stripVTControlCharacters(line).replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, "");
  return text.length <= MOST_OF_LINE ? text : `${text.slice(0, MOST_OF_LINE)}…`;
}
