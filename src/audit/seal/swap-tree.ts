/**
 * Replacing the tree that a container had by the copy of what its agent has left.
 *
 * The copy grows as `runa.next` in the record. When it is complete and the rest of the seal is ready, the old tree is
 * moved out of the record, beside it, and the copy becomes `runa`. The old tree is removed when the record is sealed.
 * Until then a seal that was cut short starts over with it, so each step leaves either both trees or a way back.
 */
import { rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { systemCode } from "../../errors.ts";
import { isThere } from "../../if-there.ts";
import { bytePath } from "../../trees/byte-path.ts";
import { removeTree } from "../../trees/remove-tree.ts";
import { TreeEntry } from "../../trees/tree-entry.ts";
import { recordPaths, RUNA } from "../format/record-layout.ts";

/** A tree that a container had, while its record is being sealed; no name of a record looks like this. */
export const OLD_TREE = /^\.unsealed-([0-9a-f]{16})$/;

/** A process that holds the old tree can close it as fast as it is opened; moving it then takes luck. */
const ATTEMPTS_TO_MOVE = 1_000;

/** Where the old tree of a record goes: on its file system, and out of what is verified. */
export function oldTreePath(record: string): string {
  return join(dirname(record), `.unsealed-${basename(record)}`);
}

/** Where the copy grows. */
export function copyPath(record: string): string {
  return join(record, `${RUNA}.next`);
}

/** Restores what a seal that was cut short began with: the old tree in its place, and no copy. */
export async function undoSwap(record: string): Promise<void> {
  const { runa } = recordPaths(record);
  const old = oldTreePath(record);
  if (await isThere(old)) {
    // The old tree is moved first: what is in its place now is the copy.
    await removeTree(runa);
    await moveTree(old, runa);
  }
  await removeTree(copyPath(record));
}

/** Puts the copy in place of the old tree; durable when the directories of both are flushed. */
export async function swapTrees(record: string): Promise<void> {
  const { runa } = recordPaths(record);
  await moveTree(runa, oldTreePath(record));
  await rename(copyPath(record), runa);
}

/** Removes the old tree of a sealed record, as far as it can be; pruning tries again. */
export async function removeReplacedTree(record: string): Promise<void> {
  // A process that still writes it can keep it from being removed, but nothing of the record depends on that.
  await removeTree(oldTreePath(record)).catch(() => undefined);
}

/** Moves a directory into another one. That needs write permission on it, so it is opened up first. */
async function moveTree(path: string, newPath: string): Promise<void> {
  using from = TreeEntry.root(dirname(path));
  using to = TreeEntry.root(dirname(newPath));
  const name = bytePath(basename(path));
  for (let attempt = 1; ; attempt += 1) {
    try {
      using tree = from.open(name);
      if ((tree.stats.mode & 0o200) === 0) tree.setMode(0o700);
      from.move(name, to, bytePath(basename(newPath)));
      return;
    } catch (error) {
      if (systemCode(error) !== "EACCES" || attempt === ATTEMPTS_TO_MOVE) throw error;
      await nextTurn();
    }
  }
}
