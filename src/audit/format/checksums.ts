/**
 * The format of `SHA256SUMS`, as `sha256sum` writes and checks it, escapes included; in pieces, because it may be
 * larger than a string can be.
 */
import { createHash, type Hash } from "node:crypto";
import { closeSync, readSync, writeSync } from "node:fs";
import type { BytePath } from "../../trees/byte-path.ts";

const CHUNK_BYTES = 64 * 1024;

/** Longer than the line of the longest path with every byte escaped. */
const LONGEST_LINE_BYTES = 16 * 1024;

const ESCAPED: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r" };
const UNESCAPED: Readonly<Record<string, string>> = { "\\\\": "\\", "\\n": "\n", "\\r": "\r" };

const LINE = /^(\\?)([0-9a-f]{64}) [ *](.+)$/;

/** The line of a file. */
export function checksumLine(path: BytePath, sum: string): string {
  const escaped = path.replace(/[\\\n\r]/g, (character) => ESCAPED[character] ?? character);
  const marker = escaped === path ? "" : "\\";
  return `${marker}${sum}  ${escaped}\n`;
}

/** Lines of `SHA256SUMS` on their way: a few wait in memory, the others in a file. */
export class ChecksumLines implements Disposable {
  readonly #openFile: () => number;
  readonly #chunkBytes: number;
  #file: number | undefined;
  #waiting = "";

  /**
   * @param openFile opens an empty file for reading and writing, when there are too many lines for the memory.
   * @param chunkBytes how many wait in memory. Default 64 KiB.
   */
  constructor(openFile: () => number, chunkBytes = CHUNK_BYTES) {
    this.#openFile = openFile;
    this.#chunkBytes = chunkBytes;
  }

  add(path: BytePath, sum: string): void {
    this.#waiting += checksumLine(path, sum);
    if (this.#waiting.length < this.#chunkBytes) return;
    this.#file ??= this.#openFile();
    writeWhole(this.#file, this.#take());
  }

  /** All lines in their order, in chunks; each is valid until the next one is asked for. */
  *chunks(): Generator<Buffer> {
    if (this.#file !== undefined) yield* chunksFrom(this.#file, this.#chunkBytes, 0);
    yield this.#take();
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }

  #take(): Buffer {
    const content = Buffer.from(this.#waiting, "latin1");
    this.#waiting = "";
    return content;
  }
}

/** Writes chunks to an open file; returns the SHA-256 of all together, in hex. */
export function writeChecksums(file: number, chunks: Iterable<Buffer>): string {
  const hash = createHash("sha256");
  for (const chunk of chunks) {
    hash.update(chunk);
    writeWhole(file, chunk);
  }
  return hash.digest("hex");
}

/** A line of `SHA256SUMS`, with its number from 1; without a path it says nothing. */
export type Checksum =
  | { readonly line: number; readonly path: BytePath; readonly sum: string }
  | { readonly line: number; readonly path?: undefined };

/**
 * Reads an open `SHA256SUMS` from its current position, line by line.
 *
 * @param hash is given every byte.
 * @param chunkBytes how many bytes are read at once. Default 64 KiB.
 */
export function* readChecksums(
  file: number,
  hash?: Pick<Hash, "update">,
  chunkBytes = CHUNK_BYTES,
): Generator<Checksum> {
  let line = 0;
  let rest = "";
  for (const chunk of chunksFrom(file, chunkBytes, null)) {
    hash?.update(chunk);
    const lines = (rest + chunk.toString("latin1")).split("\n");
    // Of a line that is too long to be one, its beginning is enough.
    rest = (lines.pop() ?? "").slice(0, LONGEST_LINE_BYTES);
    for (const text of lines) yield parseLine(++line, text);
  }
  if (rest !== "" || line === 0) yield parseLine(++line, rest);
}

function parseLine(line: number, text: string): Checksum {
  const [, marker, sum, written] = LINE.exec(text) ?? [];
  if (sum === undefined || written === undefined || text.length >= LONGEST_LINE_BYTES) return { line };
  const path = marker === "" ? written : written.replace(/\\[\\nr]/g, (pair) => UNESCAPED[pair] ?? pair);
  return { line, path: path as BytePath, sum };
}

/** @param start position of the first byte; null for the file's current position. */
function* chunksFrom(file: number, chunkBytes: number, start: number | null): Generator<Buffer> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  for (let position = start; ;) {
    const length = readSync(file, buffer, 0, chunkBytes, position);
    if (length === 0) return;
    if (position !== null) position += length;
    yield buffer.subarray(0, length);
  }
}

function writeWhole(file: number, content: Buffer): void {
  for (let written = 0; written < content.length;) written += writeSync(file, content, written);
}
