/**
 * Compares a tree with the index of the clone that it was: what has gone, what has changed, and what is there besides.
 *
 * A file is unchanged when inode, size and times are as git noted them while it made the clone. An agent can set them all
 * but the time of the last change (ctime), which no program can set back.
 */
import type { Stats } from "node:fs";
import { systemCode } from "../../errors.ts";
import { type BytePath, joinBytes } from "../../trees/byte-path.ts";
import type { EntryKind, TreeEntry } from "../../trees/tree-entry.ts";
import { filesBelow, type KnownDirectory } from "../base/known-tree.ts";
import { type ExportLimits, NotExported } from "../bounds/limits.ts";
import type { Pace } from "../bounds/pace.ts";
import type { IndexEntry } from "../git/index-file.ts";
import type { TreeCopy } from "./tree-copy.ts";

/** Something of a tree that the clone did not have. */
export interface Found {
  readonly path: BytePath;
  readonly kind: EntryKind;
}

export interface TreeChanges {
  /** Paths that are in the copy by now. */
  readonly taken: BytePath[];
  /** Paths of the clone where no file or link is any more. */
  readonly gone: BytePath[];
  /** What is there besides, in the directories that the clone had. */
  readonly found: Found[];
}

export interface CompareOptions {
  readonly copy: TreeCopy;
  /** Files that were changed at this time or later have to be looked into, whatever their times say. */
  readonly unsureFromMs: number;
  readonly limits: ExportLimits;
  readonly pace: Pace;
  readonly leaveOut: (what: BytePath, why: string) => void;
}

const MODE_SUBMODULE = 0o160000;
/** Of the root: the repository, and where the session's record was mounted. */
const NOT_OF_THE_TREE = new Set([".git", ".runa"]);

/** Compares, and takes what has changed into the copy. Throws the signal's reason. */
export async function compareWithKnown(
  root: TreeEntry,
  known: KnownDirectory,
  options: CompareOptions,
): Promise<TreeChanges> {
  const comparison = new Comparison(options);
  await comparison.directory(root, known, undefined);
  return comparison.changes;
}

class Comparison {
  readonly changes: TreeChanges = { taken: [], gone: [], found: [] };
  readonly #options: CompareOptions;

  constructor(options: CompareOptions) {
    this.#options = options;
  }

  async directory(directory: TreeEntry, known: KnownDirectory, path: BytePath | undefined): Promise<void> {
    const pathOf = (name: BytePath): BytePath => (path === undefined ? name : joinBytes(path, name));
    this.#listOthers(directory, known, path);
    for (const [name, entry] of known.files) {
      await this.#options.pace.step();
      await this.#attempt(entry.path, () => this.#file(directory, name, entry));
    }
    for (const [name, below] of known.directories) {
      const opened = openDirectory(directory, name);
      if (opened === undefined) {
        for (const { path: gone } of filesBelow(below)) this.changes.gone.push(gone);
        continue;
      }
      using entry = opened;
      const far = tooFar(pathOf(name), this.#options.limits);
      if (far !== undefined) this.#options.leaveOut(pathOf(name), far);
      else await this.#attempt(pathOf(name), () => this.directory(entry, below, pathOf(name)));
    }
  }

  async #file(directory: TreeEntry, name: BytePath, known: IndexEntry): Promise<void> {
    const stats = look(directory, name);
    if (known.mode === MODE_SUBMODULE) {
      // Its place is there for as long as it is a directory; what a submodule has in it is its own.
      if (stats?.isDirectory() === true) {
        this.#submodule(directory, name, known);
        return;
      }
    } else if (stats?.isFile() === true || stats?.isSymbolicLink() === true) {
      if (this.#isUnchanged(stats, known)) return;
      if (await this.#options.copy.take(directory, name, known.path, known))
        this.changes.taken.push(known.path);
      return;
    }
    this.changes.gone.push(known.path);
    if (stats?.isDirectory() === true) this.changes.found.push({ path: known.path, kind: "directory" });
    else if (stats !== undefined && (stats.isFile() || stats.isSymbolicLink()))
      this.changes.found.push({ path: known.path, kind: stats.isFile() ? "file" : "link" });
    else if (stats !== undefined) this.#options.leaveOut(known.path, "it is no file, link or directory");
  }

  #submodule(directory: TreeEntry, name: BytePath, known: IndexEntry): void {
    using entry = directory.open(name);
    const names = entry.names();
    const { done } = names.next();
    names.return(undefined);
    if (done !== true) this.#options.leaveOut(known.path, "it is a submodule");
  }

  #isUnchanged(stats: Stats, known: IndexEntry): boolean {
    return (
      stats.ino % 2 ** 32 === known.inode &&
      stats.size % 2 ** 32 === known.size &&
      stats.mtimeMs === known.mtimeMs &&
      stats.ctimeMs === known.ctimeMs &&
      stats.ctimeMs < this.#options.unsureFromMs
    );
  }

  #listOthers(directory: TreeEntry, known: KnownDirectory, path: BytePath | undefined): void {
    const { limits, leaveOut } = this.#options;
    for (const { name, kind } of listReadable(directory)) {
      if (known.files.has(name) || (known.directories.has(name) && kind === "directory")) continue;
      if (path === undefined && NOT_OF_THE_TREE.has(name)) continue;
      const found = path === undefined ? name : joinBytes(path, name);
      if (isGitDirectory(name)) leaveOut(found, "it is a repository of its own");
      else if (this.changes.found.length < limits.entries) this.changes.found.push({ path: found, kind });
      else {
        leaveOut(found, `there are more than ${limits.entries} new files; others were not looked at`);
        return;
      }
    }
  }

  async #attempt(path: BytePath, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.pace.signal.throwIfAborted();
      this.#options.leaveOut(path, whyNotTaken(error));
    }
  }
}

/** Why nothing at this path is looked at; undefined when it is. */
export function tooFar(
  path: BytePath,
  { depth, pathBytes }: Pick<ExportLimits, "depth" | "pathBytes">,
): string | undefined {
  if (path.length > pathBytes) return `its path has more than ${pathBytes} bytes`;
  return path.split("/").length > depth ? `it is more than ${depth} levels deep` : undefined;
}

/** The names in a directory, also in one that its owner may not read. */
export function listReadable(directory: TreeEntry): ReturnType<TreeEntry["entries"]> {
  const needed = 0o500;
  if ((directory.stats.mode & needed) !== needed) directory.setMode(0o700);
  return directory.entries();
}

/** Whether git takes the name for that of a repository. */
export function isGitDirectory(name: BytePath): boolean {
  return name.toLowerCase() === ".git";
}

/** Why something of a tree could not be copied, for an operator. */
export function whyNotTaken(error: unknown): string {
  if (error instanceof NotExported) return error.message;
  const code = systemCode(error);
  if (code === "EACCES" || code === "EPERM") return `it cannot be read (${code})`;
  return `it cannot be taken (${code ?? String(error)}); it may have changed meanwhile`;
}

/** Undefined when it is not there, or anything but a directory. */
function openDirectory(parent: TreeEntry, name: BytePath): TreeEntry | undefined {
  try {
    const entry = parent.open(name);
    if (entry.stats.isDirectory()) return entry;
    entry[Symbol.dispose]();
    return undefined;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function look(directory: TreeEntry, name: BytePath): Stats | undefined {
  try {
    return directory.look(name);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
