/** The files of a clone, by directory, as its index has them. */
import type { BytePath } from "../../trees/byte-path.ts";
import type { IndexEntry } from "../git/index-file.ts";

export interface KnownDirectory {
  readonly files: ReadonlyMap<BytePath, IndexEntry>;
  readonly directories: ReadonlyMap<BytePath, KnownDirectory>;
}

interface Growing extends KnownDirectory {
  readonly files: Map<BytePath, IndexEntry>;
  readonly directories: Map<BytePath, Growing>;
}

/** @param entries sorted by their paths, as an index has them. */
export function knownTree(entries: Iterable<IndexEntry>): KnownDirectory {
  const root = emptyDirectory();
  let last: { readonly path: string; readonly directory: Growing } = { path: "", directory: root };
  for (const entry of entries) {
    const cut = entry.path.lastIndexOf("/");
    const path = cut === -1 ? "" : entry.path.slice(0, cut);
    if (path !== last.path) last = { path, directory: within(root, path) };
    last.directory.files.set(entry.path.slice(cut + 1) as BytePath, entry);
  }
  return root;
}

function within(root: Growing, path: string): Growing {
  let directory = root;
  for (const name of path === "" ? [] : (path.split("/") as BytePath[])) {
    const next = directory.directories.get(name) ?? emptyDirectory();
    directory.directories.set(name, next);
    directory = next;
  }
  return directory;
}

function emptyDirectory(): Growing {
  return { files: new Map(), directories: new Map() };
}

/** All files in a directory and below it. */
export function* filesBelow({ files, directories }: KnownDirectory): Generator<IndexEntry> {
  yield* files.values();
  for (const directory of directories.values()) yield* filesBelow(directory);
}
