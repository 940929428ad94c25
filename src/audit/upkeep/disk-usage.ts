import { lstatSync, type Stats } from "node:fs";
import { systemCode } from "../../errors.ts";
import { type BytePath, fsPath, joinBytes, listNames } from "../../trees/byte-path.ts";

/** Bytes of the blocks of a tree, as far as it can be looked into. */
export function diskUsage(root: BytePath): number {
  let bytes = 0;
  const open = [root];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const stats = reachable(path, (place) => lstatSync(fsPath(place)));
    bytes += (stats?.blocks ?? 0) * 512;
    if (isDirectory(stats)) {
      for (const name of reachable(path, listNames) ?? []) open.push(joinBytes(path, name));
    }
  }
  return bytes;
}

function isDirectory(stats: Stats | undefined): boolean {
  return stats?.isDirectory() === true;
}

function reachable<T>(path: BytePath, look: (path: BytePath) => T): T | undefined {
  try {
    return look(path);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    // Then it counts for nothing: the size is only shown.
    return undefined;
  }
}
