/**
 * The names of a directory in the order in which `SHA256SUMS` has the paths below it: that of the bytes of the whole
 * paths, in which a directory counts as its name and a slash.
 */
import type { BytePath } from "./byte-path.ts";
import type { TreeEntry } from "./tree-entry.ts";

export interface SortedName {
  readonly name: BytePath;
  /** Not a link to one. */
  readonly isDirectory: boolean;
}

export interface SortedNames {
  readonly names: readonly SortedName[];
  /** Whether the directory has more names than were asked for. */
  readonly hasMore: boolean;
}

/**
 * Lists a directory.
 *
 * @param limit how many names at most: the first ones that the directory gives, in no order of their own.
 */
export function sortedNames(directory: TreeEntry, limit: number): SortedNames {
  const keys: string[] = [];
  let hasMore = false;
  for (const { name, kind } of directory.entries()) {
    hasMore = keys.length >= limit;
    if (hasMore) break;
    keys.push(kind === "directory" ? `${name}/` : name);
  }
  return { names: keys.sort().map(sortedName), hasMore };
}

/** No name has a slash in it. */
function sortedName(key: string): SortedName {
  const isDirectory = key.endsWith("/");
  return { name: (isDirectory ? key.slice(0, -1) : key) as BytePath, isDirectory };
}
