/**
 * Reading and copying the content of files, with their sums.
 *
 * File calls are synchronous: this runs in a worker or a command, where they cost a tenth of asynchronous ones and take
 * none of the threads that a daemon's own file calls need.
 */
import { createHash } from "node:crypto";
import { ftruncateSync, readSync, writeSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";

const CHUNK_BYTES = 128 * 1024;

/** About a millisecond's work; then other seals of the same worker get their turn. */
const BYTES_OF_A_TURN = 512 * 1024;
/** The cost of an entry of a tree, besides its bytes. */
const BYTES_FOR_AN_ENTRY = 16 * 1024;

/** Lets other work in between, often enough. */
export class Turns {
  #bytes = 0;

  /** Counts one entry or chunk that was done. */
  async count(bytes: number): Promise<void> {
    this.#bytes += bytes + BYTES_FOR_AN_ENTRY;
    if (this.#bytes < BYTES_OF_A_TURN) return;
    this.#bytes = 0;
    await nextTurn();
  }
}

/** Reads into a buffer at a position: `readSync`, or a wrapper that marks its errors. */
export type Read = (file: number, buffer: Buffer, offset: number, length: number, position: number) => number;

/** Reads files one after another, through one buffer. Only one call at a time. */
export class ContentReader {
  readonly #turns: Turns;
  readonly #read: Read;
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  readonly #zeros = Buffer.alloc(CHUNK_BYTES);

  constructor(turns = new Turns(), read: Read = readSync) {
    this.#turns = turns;
    this.#read = read;
  }

  /** The SHA-256 of an open file's first `size` bytes, in hex; of all of it where it is shorter. */
  async hash(file: number, size = Number.POSITIVE_INFINITY): Promise<string> {
    const hash = createHash("sha256");
    for await (const { chunk } of this.#chunks(file, size)) hash.update(chunk);
    return hash.digest("hex");
  }

  /**
   * Copies the first `size` bytes of an open file into an empty one, and keeps holes as holes: a sparse file
   * must not fill the disk.
   *
   * @returns the SHA-256 of what was written, in hex.
   */
  async copy(source: number, target: number, size: number): Promise<string> {
    const hash = createHash("sha256");
    let end = 0;
    for await (const { chunk, position } of this.#chunks(source, size)) {
      hash.update(chunk);
      if (!chunk.equals(this.#zeros.subarray(0, chunk.length))) writeAt(target, chunk, position);
      end = position + chunk.length;
    }
    ftruncateSync(target, end);
    return hash.digest("hex");
  }

  /** Each chunk is valid until the next one is asked for. */
  async *#chunks(file: number, size: number): AsyncGenerator<{ chunk: Buffer; position: number }> {
    for (let position = 0; position < size;) {
      const length = this.#read(file, this.#buffer, 0, Math.min(CHUNK_BYTES, size - position), position);
      if (length === 0) break;
      yield { chunk: this.#buffer.subarray(0, length), position };
      position += length;
      await this.#turns.count(length);
    }
  }
}

function writeAt(file: number, chunk: Buffer, position: number): void {
  for (let written = 0; written < chunk.length;) {
    written += writeSync(file, chunk, written, chunk.length - written, position + written);
  }
}
