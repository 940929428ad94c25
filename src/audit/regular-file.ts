/**
 * Reading files of a record without following or waking anything: no symlink, no FIFO, no device.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  futimesSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
  type Stats,
} from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fsPath, type BytePath } from "../trees/byte-path.ts";

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const CHUNK_BYTES = 128 * 1024;

/** Opens a file for reading. The caller closes it. Throws when it is not a regular file. */
export function openRegularFile(path: BytePath): number {
  const fd = openSync(fsPath(path), READ);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Error("not a regular file any more");
}

/** The SHA-256 of what is left to read of an open file, in hex. Lets other work in between chunks. */
export async function hashFile(fd: number): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of chunksOf(fd)) hash.update(chunk);
  return hash.digest("hex");
}

/**
 * Gives a name of a file with several names a copy of its own, with the time of the original.
 *
 * @param listed what `lstat` says of the name.
 * @param temporary a path on the same file system, outside of what is sealed, for the copy until it is whole.
 */
export async function unlinkFromOthers(path: BytePath, listed: Stats, temporary: BytePath): Promise<void> {
  if ((listed.mode & 0o400) === 0) chmodSync(fsPath(path), 0o600);
  const source = openRegularFile(path);
  try {
    const copy = openSync(fsPath(temporary), CREATE, 0o600);
    try {
      await copyBytes(source, copy);
      futimesSync(copy, listed.atime, listed.mtime);
    } finally {
      closeSync(copy);
    }
    renameSync(fsPath(temporary), fsPath(path));
  } finally {
    closeSync(source);
    // Half a copy on a full disk would take the room that telling so needs.
    rmSync(fsPath(temporary), { force: true });
  }
}

/** Copies a file and its holes: a sparse file must not fill the disk. */
async function copyBytes(source: number, copy: number): Promise<void> {
  const zeros = Buffer.alloc(CHUNK_BYTES);
  let position = 0;
  for await (const chunk of chunksOf(source)) {
    if (!chunk.equals(zeros.subarray(0, chunk.length))) writeAt(copy, chunk, position);
    position += chunk.length;
  }
  ftruncateSync(copy, position);
}

function writeAt(fd: number, chunk: Buffer, position: number): void {
  let written = 0;
  while (written < chunk.length) {
    written += writeSync(fd, chunk, written, chunk.length - written, position + written);
  }
}

/** The chunks of an open file; each is valid until the next one is asked for. */
async function* chunksOf(fd: number): AsyncGenerator<Buffer> {
  // Small for the many small files: so much memory for each of them costs more than reading it.
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(fstatSync(fd).size, 1)));
  for (;;) {
    const length = readSync(fd, buffer);
    if (length === 0) return;
    yield buffer.subarray(0, length);
    await nextTurn();
  }
}
