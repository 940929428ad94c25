/** Where the lines of a growing console log are, without keeping each: the place of every 256th. */
import type { FileHandle } from "node:fs/promises";

const STRIDE = 256;
const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;

/** A line's beginning in the file. */
export interface LinePlace {
  /** From 0. */
  readonly line: number;
  readonly offset: number;
}

export class LogIndex {
  /** Offset of line 0, 256, 512, … */
  #offsets = [0];
  /** Whole lines that were seen. */
  #lines = 0;
  #scanned = 0;
  /** Of the file that was scanned. */
  #inode: number | undefined;

  /** Lines that end with a newline. */
  get lines(): number {
    return this.#lines;
  }

  /** Bytes up to the end of the last whole line. */
  get bytes(): number {
    return this.#scanned;
  }

  /** Reads what was added since the last call; a file that became shorter, or another one, is read anew. */
  async update(file: FileHandle): Promise<void> {
    const { size, ino } = await file.stat();
    if (size < this.#scanned || ino !== this.#inode) this.#begin(ino);
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let position = this.#scanned; position < size;) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK_BYTES, size - position), position);
      if (bytesRead === 0) return;
      this.#add(chunk.subarray(0, bytesRead), position);
      position += bytesRead;
    }
  }

  /** The indexed line at or before a line. */
  at(line: number): LinePlace {
    const entry = Math.min(Math.floor(Math.max(0, line) / STRIDE), this.#offsets.length - 1);
    return { line: entry * STRIDE, offset: this.#offsets[entry] ?? 0 };
  }

  /** The last indexed line that begins at or before an offset. */
  before(offset: number): LinePlace {
    let [low, high] = [0, this.#offsets.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#offsets[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low * STRIDE, offset: this.#offsets[low] ?? 0 };
  }

  #begin(inode: number): void {
    this.#offsets = [0];
    this.#lines = 0;
    this.#scanned = 0;
    this.#inode = inode;
  }

  #add(chunk: Buffer, position: number): void {
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, end + 1)) {
      this.#lines += 1;
      this.#scanned = position + end + 1;
      if (this.#lines % STRIDE === 0) this.#offsets.push(this.#scanned);
    }
  }
}
