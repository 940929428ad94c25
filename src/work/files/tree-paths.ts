/** Finds entries of a tree by their paths, from one descriptor down to the next. */
import type { BytePath } from "../../trees/byte-path.ts";
import type { TreeEntry } from "../../trees/tree-entry.ts";

/** Keeps the directory open that was found last: neighbours are mostly asked for one after another. */
export class TreePaths implements Disposable {
  readonly #root: TreeEntry;
  #last: { readonly path: string; readonly entry: TreeEntry } | undefined;

  constructor(root: TreeEntry) {
    this.#root = root;
  }

  /**
   * The directory of this path, to be used before the next is asked for.
   *
   * @param path from the root; empty for the root itself.
   * @throws the system's error: `ENOTDIR` also where a link has taken a directory's place.
   */
  directory(path: BytePath): TreeEntry {
    if (path === "") return this.#root;
    if (this.#last?.path === path) return this.#last.entry;
    let entry = this.#root;
    for (const name of path.split("/") as BytePath[]) {
      const parent = entry;
      try {
        entry = parent.open(name);
      } finally {
        if (parent !== this.#root) parent[Symbol.dispose]();
      }
    }
    this[Symbol.dispose]();
    this.#last = { path, entry };
    return entry;
  }

  [Symbol.dispose](): void {
    this.#last?.entry[Symbol.dispose]();
    this.#last = undefined;
  }
}
