/**
 * Writes files below a directory that a container may have, and in which it may put links: each directory is entered by its
 * descriptor, and no link is followed.
 */
import { closeSync, fchmodSync, writeSync } from "node:fs";
import { systemCode } from "../errors.ts";
import { type BytePath, bytePath } from "../trees/byte-path.ts";
import { TreeEntry } from "../trees/tree-entry.ts";

export interface FileBelow {
  /** From the directory, with `/` between names. */
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
  /** Of each directory on the way. Default: those that are there keep theirs, missing ones are made with 0700. */
  readonly directoryMode?: number;
}

/**
 * Writes a file, and makes missing directories on the way. What has its name is replaced, unless it is a directory.
 *
 * @param root directory of the host; those that it is in are agentd's or the engine's.
 * @throws InTheWay; Error of the system.
 */
export function replaceBelow(root: string, file: FileBelow): void {
  write(root, file, (directory, name) => replace(directory, name, file));
}

/** The same where nothing has its name. @throws Error `EEXIST`, too. */
export function createBelow(root: string, file: FileBelow): void {
  write(root, file, (directory, name) => create(directory, name, file));
}

type Use = (directory: TreeEntry, name: BytePath) => void;

/** Opens the directory that a file is in. */
function write(root: string, { path, directoryMode }: FileBelow, use: Use): void {
  using directory = TreeEntry.root(root);
  below(directory, path.split("/").map(bytePath), directoryMode, use);
}

function below(
  directory: TreeEntry,
  [name, ...rest]: readonly BytePath[],
  directoryMode: number | undefined,
  use: Use,
): void {
  if (!directory.stats.isDirectory()) throw new InTheWay(kindOf(directory));
  if (name === undefined) throw new Error("the path is empty");
  if (rest.length === 0) {
    use(directory, name);
    return;
  }
  makeMissing(directory, name);
  using next = directory.open(name);
  if (directoryMode !== undefined && next.stats.isDirectory()) next.setMode(directoryMode);
  below(next, rest, directoryMode, use);
}

function makeMissing(directory: TreeEntry, name: BytePath): void {
  try {
    directory.makeDirectory(name);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

/** Throws `EEXIST` when the name is taken. */
function create(directory: TreeEntry, name: BytePath, { content, mode }: FileBelow): void {
  const descriptor = directory.createFile(name);
  try {
    // The umask may have narrowed the mode.
    fchmodSync(descriptor, mode);
    for (let done = 0; done < content.length;) done += writeSync(descriptor, content, done);
  } finally {
    closeSync(descriptor);
  }
}

/** Renames a new file into place, so that nothing is written through a link or a hard link of that name. */
function replace(directory: TreeEntry, name: BytePath, file: FileBelow): void {
  const next = bytePath(".agentd-next");
  create(directory, next, file);
  try {
    directory.move(next, directory, name);
  } catch (error) {
    directory.unlink(next);
    throw error;
  }
}

/** Something that is not a directory where one is needed. */
export class InTheWay extends Error {
  constructor(kind: string) {
    super(`a ${kind} is on the way to it`);
  }
}

function kindOf({ stats }: TreeEntry): string {
  if (stats.isSymbolicLink()) return "symbolic link";
  return stats.isFile() ? "file" : "special file";
}
