/** Removes a directory tree that somebody else has filled. */
import { randomUUID } from "node:crypto";
import { chmodSync, lstatSync, opendirSync, renameSync, rmdirSync, unlinkSync, type Dirent } from "node:fs";
import { unlink } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { isThere } from "../if-there.ts";

/** A directory with a longer path is moved up before it is gone into; the kernel takes 4096 bytes. */
const LONG_PATH_BYTES = 3000;

/** What is larger takes the file system a while to give back, and goes to a file thread. */
const LARGE_FILE_BYTES = 1_048_576;

/** A millisecond's work or so; then it is the turn of whatever else the event loop has. */
const REMOVALS_PER_TURN = 64;

/**
 * Removes a directory and everything below it, also directories that are unreadable, read-only or too deep for a
 * path. Links are removed, never followed. A directory that does not exist is removed already.
 *
 * Nothing may write to the tree at the same time. Small files are removed without a file thread: to go there and back
 * takes many times as long as the removal. (`fs.rm` stops at the first directory that is closed, while some of its work
 * still goes on.)
 */
export async function removeTree(directory: string): Promise<void> {
  const root = Buffer.from(directory);
  if (!(await isThere(root))) return;
  let removals = 0;
  // A list instead of a call for each directory: a tree may be deeper than the stack.
  const remaining: Directory[] = [{ path: root, isEmptied: false }];
  for (let next = remaining.pop(); next !== undefined; next = remaining.pop()) {
    if (next.isEmptied) {
      rmdirSync(next.path);
      continue;
    }
    remaining.push({ path: next.path, isEmptied: true });
    chmodSync(next.path, 0o700);
    for (const entry of entriesOf(next.path)) {
      const path = child(next.path, entry.name);
      if (entry.isDirectory()) remaining.push({ path: withinReach(root, path), isEmptied: false });
      else if (lstatSync(path).size > LARGE_FILE_BYTES) await unlink(path);
      else unlinkSync(path);
      if (++removals % REMOVALS_PER_TURN === 0) await nextTurn();
    }
  }
}

/** Some at a time, because a directory may have millions. */
function* entriesOf(directory: Buffer): Generator<Entry> {
  // @types/node knows names as text only.
  const opened = opendirSync(directory, { encoding: "buffer" as BufferEncoding });
  try {
    for (let entry = opened.readSync(); entry !== null; entry = opened.readSync())
      yield entry as unknown as Entry;
  } finally {
    opened.closeSync();
  }
}

type Entry = Dirent<Buffer>;

/** Of two visits, the first empties a directory and the second removes it, when those below it are gone. */
interface Directory {
  readonly path: Buffer;
  readonly isEmptied: boolean;
}

/** Moves a directory whose path is long right below the root, under a name that nobody can have foreseen. */
function withinReach(root: Buffer, directory: Buffer): Buffer {
  if (directory.length < LONG_PATH_BYTES) return directory;
  const moved = child(root, Buffer.from(randomUUID()));
  chmodSync(directory, 0o700);
  renameSync(directory, moved);
  return moved;
}

function child(parent: Buffer, name: Buffer): Buffer {
  return Buffer.concat([parent, Buffer.from("/"), name]);
}
