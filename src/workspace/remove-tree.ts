/** Removes a directory tree that somebody else has filled. */
import { randomUUID } from "node:crypto";
import type { Dirent } from "node:fs";
import { chmod, readdir, rename, rm, rmdir, unlink } from "node:fs/promises";
import { systemCode } from "../errors.ts";

/** Paths longer than this are moved up before they are gone into; the kernel's limit is 4096 bytes. */
const LONG_PATH_BYTES = 3000;

/**
 * Removes a directory and everything below it, also directories that are unreadable, read-only or too deep for a
 * path. Links are removed, never followed. A directory that does not exist is removed already.
 *
 * Nothing may write to the tree at the same time.
 */
export async function removeTree(directory: string): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true });
  } catch (error) {
    if (!CLOSED_OR_DEEP.has(systemCode(error) ?? "")) throw error;
    await removeStubborn(Buffer.from(directory));
  }
}

const CLOSED_OR_DEEP = new Set(["EACCES", "EPERM", "ENAMETOOLONG", "ENOTEMPTY"]);

async function removeStubborn(root: Buffer): Promise<void> {
  const remove = async (directory: Buffer): Promise<void> => {
    await chmod(directory, 0o700);
    for (const entry of await entriesOf(directory)) {
      const path = child(directory, entry.name);
      if (!entry.isDirectory()) await unlink(path);
      else await remove(path.length < LONG_PATH_BYTES ? path : await moveBelow(root, path));
    }
    await rmdir(directory);
  };
  await remove(root);
}

/** Moves a directory right below the root, under a name that nobody can have foreseen. */
async function moveBelow(root: Buffer, directory: Buffer): Promise<Buffer> {
  const moved = child(root, Buffer.from(randomUUID()));
  await chmod(directory, 0o700);
  await rename(directory, moved);
  return moved;
}

function entriesOf(path: Buffer): Promise<Dirent<Buffer>[]> {
  return readdir(path, { encoding: "buffer", withFileTypes: true });
}

function child(parent: Buffer, name: Buffer): Buffer {
  return Buffer.concat([parent, Buffer.from("/"), name]);
}
