/** The trees of a record that agentd has written itself, and no container can write: they are sealed where they are. */
import { fchmodSync } from "node:fs";
import { basename, join } from "node:path";
import { stagedPath } from "../../durable-files.ts";
import { systemCode } from "../../errors.ts";
import { Flusher } from "../../flusher.ts";
import { syncFileSystem } from "../../sync-file-system.ts";
import { type BytePath, bytePath, joinBytes, shownPath } from "../../trees/byte-path.ts";
import { sortedNames } from "../../trees/sorted-names.ts";
import { TreeEntry } from "../../trees/tree-entry.ts";
import type { ChecksumLines } from "../format/checksums.ts";
import { ContentReader } from "../format/file-content.ts";
import { AGENTD, OWN_TREES, type RecordPaths, SESSION_PATH } from "../format/record-layout.ts";
import type { Modes } from "./copied-directory.ts";

export interface FreezeOptions {
  readonly modes: Modes;
  /** SHA-256 of the content that `session.json` will have, in hex: it is still to come. */
  readonly session: string;
  /** Takes the lines of a tree's files, in the order of their paths. */
  readonly sumsFor: (tree: string) => ChecksumLines;
}

/**
 * Makes their files read-only and durable. A tree that is missing, and an empty directory, has no line: a directory of
 * that kind is removed, because one that is added later would look the same.
 *
 * @throws Error when there is anything but files and directories; the system's error.
 */
export async function freezeOwnTrees(paths: RecordPaths, options: FreezeOptions): Promise<void> {
  using freezing = new Freezing(paths, options);
  using record = TreeEntry.root(paths.directory);
  for (const tree of OWN_TREES) await freezing.freeze(record, tree);
  if (!freezing.flush()) await syncFileSystem(paths.agentd);
}

class Freezing implements Disposable {
  readonly #options: FreezeOptions;
  /** The next content of `session.json`, which becomes that file. */
  readonly #staged: BytePath;
  readonly #reader = new ContentReader();
  readonly #flusher = new Flusher();

  constructor(paths: RecordPaths, options: FreezeOptions) {
    this.#options = options;
    this.#staged = bytePath(join(AGENTD, basename(stagedPath(paths.session))));
  }

  async freeze(record: TreeEntry, tree: string): Promise<void> {
    const name = bytePath(tree);
    const root = openIfThere(record, name);
    if (root === undefined) return;
    try {
      if (!root.stats.isDirectory()) throw new Error(`${tree} of the record is no directory`);
      if ((await this.#freezeNames(root, name, this.#options.sumsFor(tree))) === 0)
        record.removeDirectory(name);
      // Its own last file is still to come.
      else if (tree !== AGENTD) this.#finish(root);
    } finally {
      root[Symbol.dispose]();
    }
  }

  /** False where there was too much to flush one by one. */
  flush(): boolean {
    return this.#flusher.flush();
  }

  [Symbol.dispose](): void {
    this.#flusher[Symbol.dispose]();
  }

  /** Returns how many entries stay. */
  async #freezeNames(directory: TreeEntry, path: BytePath, sums: ChecksumLines): Promise<number> {
    let stay = 0;
    for (const { name } of sortedNames(directory, Infinity).names) {
      const below = joinBytes(path, name);
      if (below === this.#staged) continue;
      using entry = directory.open(name);
      stay += 1;
      if (below === SESSION_PATH) sums.add(below, this.#options.session);
      else if (entry.stats.isFile()) await this.#freezeFile(entry, below, sums);
      else if (!entry.stats.isDirectory())
        throw new Error(`${shownPath(below)} of the record is not a regular file`);
      else if ((await this.#freezeNames(entry, below, sums)) > 0) this.#finish(entry);
      else {
        directory.removeDirectory(name);
        stay -= 1;
      }
    }
    return stay;
  }

  async #freezeFile(entry: TreeEntry, path: BytePath, sums: ChecksumLines): Promise<void> {
    if ((entry.stats.mode & 0o400) === 0) entry.setMode(0o600);
    const file = entry.openContent();
    try {
      fchmodSync(file, this.#options.modes.file);
      sums.add(path, await this.#reader.hash(file));
    } finally {
      this.#flusher.add(file);
    }
  }

  #finish(entry: TreeEntry): void {
    const directory = entry.openDirectory();
    try {
      fchmodSync(directory, this.#options.modes.directory);
    } finally {
      this.#flusher.add(directory);
    }
  }
}

function openIfThere(record: TreeEntry, name: BytePath): TreeEntry | undefined {
  try {
    return record.open(name);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
