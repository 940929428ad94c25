/** All entries of a record, in the order in which `SHA256SUMS` has the paths, by descriptors. */
import { systemCode } from "../../errors.ts";
import type { BytePath } from "../../trees/byte-path.ts";
import { type SortedName, sortedNames } from "../../trees/sorted-names.ts";
import type { TreeEntry } from "../../trees/tree-entry.ts";

/** More directories in each other than any record has: two bytes of a path for each. */
const MOST_LEVELS = 2_048;

/** What was found at a path from the record's root. */
export type Found =
  /** Anything that is not a directory; open until the next one is asked for. */
  | { readonly kind: "file"; readonly path: BytePath; readonly entry: TreeEntry }
  /** A directory without anything in it. */
  | { readonly kind: "empty"; readonly path: BytePath }
  | { readonly kind: "unreadable"; readonly path: BytePath; readonly why: string };

/**
 * Walks a record.
 *
 * @param isLeftOut whether to skip the entry at a path.
 * @throws the system's error when the record itself cannot be read.
 */
export function* walkRecord(record: TreeEntry, isLeftOut: (path: BytePath) => boolean): Generator<Found> {
  const visit = function* (
    directory: TreeEntry,
    names: readonly SortedName[],
    prefix: string,
    level: number,
  ): Generator<Found> {
    for (const { name } of names) {
      const path = `${prefix}${name}` as BytePath;
      if (isLeftOut(path)) continue;
      const entry = openOrWhy(directory, name);
      if (typeof entry === "string") {
        yield { kind: "unreadable", path, why: entry };
        continue;
      }
      try {
        if (entry.stats.isDirectory()) yield* enter(entry, path, level + 1);
        else yield { kind: "file", path, entry };
      } finally {
        entry[Symbol.dispose]();
      }
    }
  };
  const enter = function* (directory: TreeEntry, path: BytePath, level: number): Generator<Found> {
    const names = level > MOST_LEVELS ? "directories nested too deeply" : namesOrWhy(directory);
    if (typeof names === "string") yield { kind: "unreadable", path, why: names };
    else if (names.length === 0) yield { kind: "empty", path };
    else yield* visit(directory, names, `${path}/`, level);
  };
  yield* visit(record, namesIn(record), "", 0);
}

function namesIn(directory: TreeEntry): readonly SortedName[] {
  return sortedNames(directory, Number.POSITIVE_INFINITY).names;
}

function namesOrWhy(directory: TreeEntry): readonly SortedName[] | string {
  try {
    return namesIn(directory);
  } catch (error) {
    return systemCode(error) ?? String(error);
  }
}

function openOrWhy(directory: TreeEntry, name: BytePath): TreeEntry | string {
  try {
    return directory.open(name);
  } catch (error) {
    return systemCode(error) ?? String(error);
  }
}
