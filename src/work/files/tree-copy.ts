/** A directory of agentd's own that takes what has changed of a tree, each file where it was. */
import { closeSync, mkdirSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { systemCode } from "../../errors.ts";
import { type BytePath, fsPath, joinBytes, parentOf } from "../../trees/byte-path.ts";
import type { TreeEntry } from "../../trees/tree-entry.ts";
import type { Pace } from "../bounds/pace.ts";
import { blobId, type Budget, copyContent, linkId, openReadable } from "../git/content.ts";
import type { IndexEntry } from "../git/index-file.ts";
import type { ObjectFormat } from "../git/own-repository.ts";

const OWNER_EXECUTES = 0o100;
const MODE_LINK = 0o120000;
const MODE_EXECUTABLE = 0o100755;

export interface TreeCopyOptions {
  readonly directory: BytePath;
  readonly format: ObjectFormat;
  readonly budget: Budget;
  readonly pace: Pace;
  /** Where a file goes that is not to be found under its own path. Default: every file is. */
  readonly placeOf: (path: BytePath) => BytePath;
}

export class TreeCopy {
  readonly directory: BytePath;
  readonly #options: TreeCopyOptions;
  readonly #made = new Set<string>([""]);
  readonly #lent = new Set<string>();

  constructor(options: TreeCopyOptions) {
    this.directory = options.directory;
    this.#options = options;
  }

  /** Makes a directory of this path, and those above it, unless they were made here before. */
  makeDirectory(path: BytePath): void {
    if (this.#made.has(path)) return;
    this.makeDirectory(parentOf(path));
    mkdirSync(fsPath(joinBytes(this.directory, path)), { mode: 0o700 });
    this.#made.add(path);
  }

  /** As `makeDirectory`, unless something that was taken is in the way: it has changed its kind meanwhile. */
  tryDirectory(path: BytePath): boolean {
    try {
      this.makeDirectory(path);
      return true;
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return false;
    }
  }

  /** Puts a file where git reads it though nobody has taken it; one that was taken is the right one already. */
  lend(path: BytePath, content: Buffer): void {
    if (!this.tryDirectory(parentOf(path))) return;
    const target = this.#targetOf(path);
    try {
      writeFileSync(fsPath(target), content, { flag: "wx", mode: 0o600 });
      this.#lent.add(target);
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    }
  }

  /**
   * Takes the regular file or link of that name from a directory.
   *
   * @param path from the tree's root.
   * @param known as the clone had it.
   * @returns false when it is what the clone had, and nothing was copied.
   * @throws NotExported when it is too large; Error or the system's error when it is anything else by now.
   */
  async take(
    parent: TreeEntry,
    name: BytePath,
    path: BytePath,
    known: IndexEntry | undefined,
  ): Promise<boolean> {
    using entry = parent.open(name);
    if (!entry.stats.isSymbolicLink()) return await this.#takeFile(entry, path, known);
    const target = Buffer.from(parent.readLink(name), "latin1");
    if (known?.mode === MODE_LINK && linkId(target, this.#options.format).equals(known.id)) return false;
    this.#options.budget.take(target.length);
    symlinkSync(target, fsPath(this.#targetOf(path)));
    return true;
  }

  async #takeFile(entry: TreeEntry, path: BytePath, known: IndexEntry | undefined): Promise<boolean> {
    const { format, budget, pace } = this.#options;
    const isExecutable = (entry.stats.mode & OWNER_EXECUTES) !== 0;
    const mayBeKnown =
      known !== undefined &&
      known.mode === (isExecutable ? MODE_EXECUTABLE : 0o100644) &&
      known.size === entry.stats.size % 2 ** 32;
    const descriptor = openReadable(entry);
    try {
      if (mayBeKnown && (await blobId(descriptor, format, pace)).equals(known.id)) return false;
      await copyContent(descriptor, this.#targetOf(path), {
        mode: isExecutable ? 0o700 : 0o600,
        budget,
        pace,
      });
      return true;
    } finally {
      closeSync(descriptor);
    }
  }

  #targetOf(path: BytePath): BytePath {
    const place = this.#options.placeOf(path);
    this.makeDirectory(parentOf(place));
    const target = joinBytes(this.directory, place);
    if (this.#lent.delete(target)) unlinkSync(fsPath(target));
    return target;
  }
}
