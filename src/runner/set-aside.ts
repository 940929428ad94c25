/**
 * The state of sessions whose records their heads have. The engine may kill a runner at any moment, so its state first leaves the
 * place where the next runner of its session would go on with it; whichever runner comes next to the node removes it.
 */
import { mkdir, readdir, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ifThere } from "../if-there.ts";
import type { Logger } from "../log.ts";
import { removeTree } from "../trees/remove-tree.ts";

/** Beside the directory with the states of sessions. */
const ASIDE = "over";

/** @param state directory of a session's state. */
function asideDirectory(state: string): string {
  return join(dirname(dirname(state)), ASIDE);
}

/** Moves the state of a session that is over, at once. @returns where it is now. @throws the system's error. */
export async function setAside(state: string): Promise<string> {
  const directory = asideDirectory(state);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const aside = join(directory, basename(state));
  await rename(state, aside);
  return aside;
}

/**
 * Removes what runners that were killed have set aside. A runner that still lives needs nothing of its own, and tries to remove it,
 * too. Does not reject.
 *
 * @param state directory of the state of any session on this node.
 */
export async function removeAllAside(state: string, log: Logger): Promise<void> {
  const directory = asideDirectory(state);
  try {
    const names = (await ifThere(readdir(directory))) ?? [];
    for (const name of names) await removeTree(join(directory, name));
  } catch (error) {
    log.warn({ error, directory }, "cannot remove what earlier runners have left");
  }
}
