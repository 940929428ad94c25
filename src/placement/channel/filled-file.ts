import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { FilledFile } from "../claims/placed-session.ts";

/** What became of a piece. */
export type Filling =
  /** The file has so many bytes now. */
  | { readonly kind: "filled"; readonly bytes: number }
  /** There would be a gap: the file has so many bytes. */
  | { readonly kind: "gap"; readonly bytes: number }
  | { readonly kind: "too_long" };

/** O_NOFOLLOW and O_NONBLOCK: what lies there instead of a file of ours is not opened. */
const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Writes a piece at its place. What the file has already stays as it is: a sender that did not hear the answer sends a
 * piece again. Not by two callers at once.
 */
export async function fillFile(
  { path, mostBytes }: FilledFile,
  offset: number,
  piece: Buffer,
): Promise<Filling> {
  if (offset + piece.length > mostBytes) return { kind: "too_long" };
  return await withFile(path, async (file, bytes) => {
    if (offset > bytes) return { kind: "gap", bytes };
    const rest = piece.subarray(bytes - offset);
    for (let at = 0; at < rest.length;) {
      const { bytesWritten } = await file.write(rest, at, rest.length - at, bytes + at);
      at += bytesWritten;
    }
    return { kind: "filled", bytes: bytes + rest.length };
  });
}

/** How many bytes the file has; made where it is missing. */
export async function filledBytes({ path }: FilledFile): Promise<number> {
  return await withFile(path, async (_file, bytes) => Promise.resolve(bytes));
}

/** Size and SHA-256 of the file, once all of it is on disk. */
export async function flushedDigest({ path }: FilledFile): Promise<{ bytes: number; sha256: string }> {
  return await withFile(path, async (file, bytes) => {
    await file.sync();
    const hash = createHash("sha256");
    for await (const chunk of file.createReadStream({ start: 0, autoClose: false }))
      hash.update(chunk as Buffer);
    return { bytes, sha256: hash.digest("hex") };
  });
}

async function withFile<T>(path: string, use: (file: FileHandle, bytes: number) => Promise<T>): Promise<T> {
  const file = await open(path, FLAGS, 0o600);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error(`${path} is no file`);
    return await use(file, stat.size);
  } finally {
    await file.close();
  }
}
