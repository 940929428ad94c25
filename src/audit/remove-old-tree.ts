/**
 * Removing a tree that a container had, or the rest of a copy of one: by descriptors, because somebody may still write it.
 */
import { randomUUID } from "node:crypto";
import { basename, dirname } from "node:path";
import { systemCode } from "../errors.ts";
import { bytePath, type BytePath } from "../trees/byte-path.ts";
import { TreeEntry } from "../trees/tree-entry.ts";
import { Turns } from "./file-content.ts";

/** Deeper directories are moved up, so that a tree that is deep takes no more descriptors than another. */
const MOST_LEVELS = 64;

/** Removes a directory and everything below it. One that does not exist is removed already. */
export async function removeOldTree(path: string): Promise<void> {
  using parent = TreeEntry.root(dirname(path));
  const name = bytePath(basename(path));
  const removal = new Removal();
  // Each round takes away what the one before has moved up.
  while (isThere(parent, name)) {
    await removal.emptyDirectory(parent, name);
    if (!removal.hasMoved()) parent.removeDirectory(name);
  }
}

function isThere(parent: TreeEntry, name: BytePath): boolean {
  try {
    using entry = parent.open(name);
    return entry.stats.isDirectory();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

class Removal {
  readonly #turns = new Turns();
  #movedSince = false;

  hasMoved(): boolean {
    const hasMoved = this.#movedSince;
    this.#movedSince = false;
    return hasMoved;
  }

  async emptyDirectory(parent: TreeEntry, name: BytePath): Promise<void> {
    using top = parent.open(name);
    await this.#empty(top, top, 0);
  }

  async #empty(directory: TreeEntry, top: TreeEntry, level: number): Promise<void> {
    if ((directory.stats.mode & 0o700) !== 0o700) directory.setMode(0o700);
    for (const name of [...directory.names()]) {
      await this.#turns.count(0);
      using entry = directory.open(name);
      if (!entry.stats.isDirectory()) directory.unlink(name);
      else if (level >= MOST_LEVELS) this.#moveUp(directory, name, entry, top);
      else {
        await this.#empty(entry, top, level + 1);
        directory.removeDirectory(name);
      }
    }
  }

  #moveUp(directory: TreeEntry, name: BytePath, entry: TreeEntry, top: TreeEntry): void {
    // Its entry `..` changes with the move.
    entry.setMode(0o700);
    directory.move(name, top, bytePath(randomUUID()));
    this.#movedSince = true;
  }
}
