/**
 * One JSON text per line: cuts a stream of bytes into lines, within a limit.
 */
import { isUtf8 } from "node:buffer";

/** A line without its newline, or why it cannot be read. */
export type Frame =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "too_long" }
  | { readonly kind: "not_utf8" };

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

/** Collects the bytes of one line; reports a line over the limit at once, and then drops it to its end. */
export class LineSplitter {
  readonly #maxLineBytes: number;
  /** Copied into rather than a list of chunks: a line sent byte by byte must not cost a buffer for each. */
  #line = NOTHING;
  #length = 0;

  /** @param maxLineBytes longest line that is returned, without its newline. */
  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** Whether a line has begun whose end is still to come. */
  get isInLine(): boolean {
    return this.#length > 0;
  }

  /** The lines that this chunk completes, in order. What follows the last newline is kept for the next chunk. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      frames.push(...this.#keep(chunk.subarray(start, end)), ...this.#take());
      start = end + 1;
    }
    frames.push(...this.#keep(chunk.subarray(start)));
    return frames;
  }

  #keep(part: Buffer): Frame[] {
    const before = this.#length;
    this.#length += part.length;
    if (this.#length > this.#maxLineBytes) {
      this.#line = NOTHING;
      return before > this.#maxLineBytes ? [] : [{ kind: "too_long" }];
    }
    if (this.#length > this.#line.length) this.#grow(before);
    part.copy(this.#line, before);
    return [];
  }

  /** @param usedBytes how much of it to keep. */
  #grow(usedBytes: number): void {
    const larger = Buffer.alloc(Math.max(this.#length, 2 * this.#line.length));
    this.#line.copy(larger, 0, 0, usedBytes);
    this.#line = larger;
  }

  /** Nothing for a line that was already reported. */
  #take(): Frame[] {
    const line = this.#line.subarray(0, this.#length);
    const wasTold = this.#length > this.#maxLineBytes;
    this.#line = NOTHING;
    this.#length = 0;
    if (wasTold) return [];
    return [isUtf8(line) ? { kind: "line", text: line.toString("utf8") } : { kind: "not_utf8" }];
  }
}

/** One message as it goes over the socket. */
export function toLine(message: unknown): string {
  return `${JSON.stringify(message)}\n`;
}
