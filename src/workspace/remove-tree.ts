/** Removes a directory tree that somebody else has filled. */
import { randomUUID } from "node:crypto";
import { chmod, readdir, rename, rmdir, unlink } from "node:fs/promises";
import { isThere } from "./existing-files.ts";

/** A directory with a longer path is moved up before it is gone into; the kernel takes 4096 bytes. */
const LONG_PATH_BYTES = 3000;

const PARALLEL_UNLINKS = 8;

/**
 * Removes a directory and everything below it, also directories that are unreadable, read-only or too deep for a
 * path. Links are removed, never followed. A directory that does not exist is removed already.
 *
 * Nothing may write to the tree at the same time. (`fs.rm` stops at the first directory that is closed, while some
 * of its work still goes on.)
 */
export async function removeTree(directory: string): Promise<void> {
  const root = Buffer.from(directory);
  if (await isThere(root)) await removeBelow(root, root);
}

async function removeBelow(root: Buffer, directory: Buffer): Promise<void> {
  await chmod(directory, 0o700);
  const entries = await readdir(directory, { encoding: "buffer", withFileTypes: true });
  await unlinkAll(entries.filter((entry) => !entry.isDirectory()).map(({ name }) => child(directory, name)));
  for (const entry of entries.filter((other) => other.isDirectory())) {
    const path = child(directory, entry.name);
    await removeBelow(root, path.length < LONG_PATH_BYTES ? path : await moveUp(root, path));
  }
  await rmdir(directory);
}

/** A few at a time: one by one waits longer for Node's file threads than for the disk. */
async function unlinkAll(paths: readonly Buffer[]): Promise<void> {
  const remaining = paths.values();
  const unlinkRemaining = async () => {
    for (const path of remaining) await unlink(path);
  };
  await Promise.all(Array.from({ length: PARALLEL_UNLINKS }, unlinkRemaining));
}

/** Moves a directory right below the root, under a name that nobody can have foreseen. */
async function moveUp(root: Buffer, directory: Buffer): Promise<Buffer> {
  const moved = child(root, Buffer.from(randomUUID()));
  await chmod(directory, 0o700);
  await rename(directory, moved);
  return moved;
}

function child(parent: Buffer, name: Buffer): Buffer {
  return Buffer.concat([parent, Buffer.from("/"), name]);
}
