import { fchmodSync, futimesSync, type Stats } from "node:fs";
import type { Flusher } from "../../flusher.ts";
import type { BytePath } from "../../trees/byte-path.ts";
import type { TreeEntry } from "../../trees/tree-entry.ts";

/** The modes of the entries of a sealed record. */
export interface Modes {
  readonly file: number;
  readonly directory: number;
}

/**
 * A directory of a copy. It is made when the first file comes into it, so that the copy has no empty ones: `SHA256SUMS`
 * would not have them, and an empty directory that is added later would look the same.
 */
export class CopiedDirectory implements Disposable {
  readonly #original: Stats;
  readonly #parent: CopiedDirectory | undefined;
  readonly #name: BytePath;
  #made: TreeEntry | undefined;
  #entries = 0;

  private constructor(original: Stats, name: BytePath, parent?: CopiedDirectory) {
    this.#original = original;
    this.#name = name;
    this.#parent = parent;
  }

  /** An existing directory; its entry stays the caller's. */
  static root(made: TreeEntry, original: Stats): CopiedDirectory {
    const root = new CopiedDirectory(original, "" as BytePath);
    root.#made = made;
    return root;
  }

  /** A directory of that name in this one. The caller disposes it. */
  directory(name: BytePath, original: Stats): CopiedDirectory {
    return new CopiedDirectory(original, name, this);
  }

  /** Makes a file; the caller closes the descriptor. */
  createFile(name: BytePath): number {
    const file = this.#entry().createFile(name);
    this.#entries += 1;
    return file;
  }

  /** A copy of a file that shares its blocks, open for reading and writing; undefined where that is not possible. */
  cloneFile(source: TreeEntry, name: BytePath): number | undefined {
    const directory = this.#entry();
    try {
      source.clone(directory, name);
    } catch {
      // Copying then reports what went wrong.
      return undefined;
    }
    this.#entries += 1;
    using clone = directory.open(name);
    clone.setMode(0o600);
    return clone.openToWrite();
  }

  removeFile(name: BytePath): void {
    this.#entry().unlink(name);
    this.#entries -= 1;
  }

  /** Sets the directory's final modes and times, or removes it when it stayed empty. */
  finish(modes: Modes, flusher: Flusher): void {
    if (this.#made === undefined) return;
    if (this.#entries === 0 && this.#parent !== undefined) {
      this.#parent.#remove(this.#name);
      return;
    }
    const directory = this.#made.openDirectory();
    try {
      fchmodSync(directory, modes.directory);
      futimesSync(directory, this.#original.atimeMs / 1000, this.#original.mtimeMs / 1000);
    } finally {
      flusher.add(directory);
    }
  }

  [Symbol.dispose](): void {
    if (this.#parent !== undefined) this.#made?.[Symbol.dispose]();
  }

  #entry(): TreeEntry {
    if (this.#made !== undefined || this.#parent === undefined) return this.#made as TreeEntry;
    const parent = this.#parent.#entry();
    parent.makeDirectory(this.#name);
    this.#parent.#entries += 1;
    this.#made = parent.open(this.#name);
    return this.#made;
  }

  #remove(name: BytePath): void {
    this.#entry().removeDirectory(name);
    this.#entries -= 1;
  }
}
