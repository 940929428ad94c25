/** Takes the content of files that somebody else may still write: so many bytes of it and no more. */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { systemCode } from "../../errors.ts";
import { type BytePath, fsPath } from "../../trees/byte-path.ts";
import type { TreeEntry } from "../../trees/tree-entry.ts";
import { NotExported, shownBytes } from "../bounds/limits.ts";
import type { Pace } from "../bounds/pace.ts";
import type { ObjectFormat } from "./own-repository.ts";

const CHUNK_BYTES = 1_048_576;

/** How many more bytes may be copied. */
export class Budget {
  left: number;
  readonly #bytes: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
    this.left = bytes;
  }

  /** @throws NotExported when it is used up. */
  take(bytes: number): void {
    if (bytes > this.left)
      throw new NotExported(`with it there are more than ${shownBytes(this.#bytes)} to copy`);
    this.left -= bytes;
  }
}

/** Opens a regular file, also one that its owner may not read. Throws as `openContent`. */
export function openReadable(entry: TreeEntry): number {
  try {
    return entry.openContent();
  } catch (error) {
    if (systemCode(error) !== "EACCES") throw error;
    entry.setMode(0o600);
    return entry.openContent();
  }
}

/** The content of a small regular file; undefined when it is larger. Throws as `openContent`. */
export function readSmall(entry: TreeEntry, bytes: number): Buffer | undefined {
  const content = readStart(entry, bytes + 1);
  return content.length > bytes ? undefined : content;
}

/** The first bytes of a regular file. Throws as `openContent`. */
export function readStart(entry: TreeEntry, bytes: number): Buffer {
  const descriptor = openReadable(entry);
  try {
    const content = Buffer.allocUnsafe(Math.min(bytes, fstatSync(descriptor).size));
    let filled = 0;
    while (filled < content.length) {
      const count = readSync(descriptor, content, filled, content.length - filled, null);
      if (count === 0) break;
      filled += count;
    }
    return content.subarray(0, filled);
  } finally {
    closeSync(descriptor);
  }
}

/** Copies what a descriptor has to a new file, of this mode. */
export async function copyContent(
  descriptor: number,
  target: BytePath,
  { mode, budget, pace }: { readonly mode: number; readonly budget: Budget; readonly pace: Pace },
): Promise<void> {
  const { size } = fstatSync(descriptor);
  budget.take(size);
  const copy = openSync(fsPath(target), "wx", mode);
  try {
    await copyBytes(descriptor, size, pace, copy);
  } finally {
    closeSync(copy);
  }
}

/**
 * Copies the first bytes of a file to another descriptor.
 *
 * @param size how many at most.
 * @returns how many there were.
 */
export async function copyBytes(descriptor: number, size: number, pace: Pace, copy: number): Promise<number> {
  let copied = 0;
  await eachChunk(descriptor, size, pace, (chunk) => {
    for (let done = 0; done < chunk.length;) done += writeSync(copy, chunk, done);
    copied += chunk.length;
  });
  return copied;
}

/** The id that git gives to this content, as bytes. */
export async function blobId(descriptor: number, format: ObjectFormat, pace: Pace): Promise<Buffer> {
  const { size } = fstatSync(descriptor);
  const hash = createHash(format).update(`blob ${size}\0`);
  await eachChunk(descriptor, size, pace, (chunk) => hash.update(chunk));
  return hash.digest();
}

/** The id that git gives to a link. */
export function linkId(target: Buffer, format: ObjectFormat): Buffer {
  return createHash(format).update(`blob ${target.length}\0`).update(target).digest();
}

/** Reads from the file's start, and never past the size that it had. */
async function eachChunk(
  descriptor: number,
  size: number,
  pace: Pace,
  use: (chunk: Buffer) => void,
): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(size, CHUNK_BYTES));
  for (let done = 0; done < size;) {
    const count = readSync(descriptor, buffer, 0, Math.min(buffer.length, size - done), done);
    if (count === 0) return;
    use(buffer.subarray(0, count));
    done += count;
    await pace.step();
  }
}
