/** Reads what `keepBase` or `keepTree` has kept. */
import { statSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../../errors.ts";
import { bytePath } from "../../trees/byte-path.ts";
import { TreeEntry } from "../../trees/tree-entry.ts";
import { readSmall } from "../git/content.ts";
import { formatOfId, makeOwnRepository, type ObjectFormat } from "../git/own-repository.ts";
import { readRefs, type Refs } from "../git/refs.ts";

const ID_BYTES = 100;

/** What a session began with. */
export interface Base {
  readonly directory: string;
  /** The commit that was checked out; undefined where the session began without a repository, or without commits. */
  readonly commit: string | undefined;
  /** What the files were: a commit, or a tree where they were no checkout of one. */
  readonly tree: string;
  readonly format: ObjectFormat;
  readonly refs: Refs;
  /** Bytes of its list of packed refs. */
  readonly packedRefsBytes: number;
  readonly isShallow: boolean;
}

/** The last file that is made: what has changed since then is the session's. */
export const KEPT_MARK = "kept";

/** In a base that is no clone: the id of its tree. */
export const TREE_FILE = "tree";

/** @throws Error when there is none, or not all of it. */
export function readBase(directory: string): Base {
  if (statSync(directory, { throwIfNoEntry: false }) === undefined)
    throw new Error(`what its clone was is no longer known: ${directory} is missing`);
  using root = TreeEntry.root(directory);
  const head = root.look(bytePath("HEAD"));
  const sizeOf = (name: string): number | undefined =>
    statSync(join(directory, name), { throwIfNoEntry: false })?.size;
  const refsOf = (idLength: number): Refs =>
    readRefs(root, { idLength, entries: Infinity, packedBytes: 2 ** 30, leaveOut: () => undefined });
  const short = refsOf(40);
  // Ids of SHA-256, or no commit at all.
  const long = short.headId === undefined ? refsOf(64) : undefined;
  const refs = long?.headId === undefined ? short : long;
  const tree = readTree(root) ?? refs.headId;
  if (tree === undefined || !head.isFile()) throw new Error(`${directory} has no commit`);
  return {
    directory,
    commit: refs.headId,
    tree,
    format: formatOfId(tree),
    refs,
    packedRefsBytes: sizeOf("packed-refs") ?? 0,
    isShallow: sizeOf("shallow") !== undefined,
  };
}

/** Undefined for a clone. */
function readTree(root: TreeEntry): string | undefined {
  try {
    using entry = root.open(bytePath(TREE_FILE));
    return readSmall(entry, ID_BYTES)?.toString("latin1").trim();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Makes a bare repository that has the objects of the base and no others. It must not exist yet. */
export async function makeBorrower(base: Base, directory: string): Promise<void> {
  makeOwnRepository(directory, base.format, [join(base.directory, "objects")]);
  const attributes = join("info", "attributes");
  await copyFile(join(base.directory, attributes), join(directory, attributes));
  if (base.isShallow) await copyFile(join(base.directory, "shallow"), join(directory, "shallow"));
}
