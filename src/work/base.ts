/** Reads what `keepBase` has kept. */
import { statSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { bytePath } from "../trees/byte-path.ts";
import { TreeEntry } from "../trees/tree-entry.ts";
import { formatOfId, makeOwnRepository, type ObjectFormat } from "./own-repository.ts";
import { readRefs, type Refs } from "./refs.ts";

/** What a session began with. */
export interface Base {
  readonly directory: string;
  /** The commit that was checked out. */
  readonly commit: string;
  readonly format: ObjectFormat;
  readonly refs: Refs;
  /** Bytes of its list of packed refs. */
  readonly packedRefsBytes: number;
  readonly isShallow: boolean;
}

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
  const refs = [40, 64].map(refsOf).find(({ headId }) => headId !== undefined);
  if (refs?.headId === undefined || !head.isFile()) throw new Error(`${directory} has no commit`);
  return {
    directory,
    commit: refs.headId,
    format: formatOfId(refs.headId),
    refs,
    packedRefsBytes: sizeOf("packed-refs") ?? 0,
    isShallow: sizeOf("shallow") !== undefined,
  };
}

/** Makes a bare repository that has the objects of the base and no others. It must not exist yet. */
export async function makeBorrower(base: Base, directory: string): Promise<void> {
  await makeOwnRepository(directory, base.format, [join(base.directory, "objects")]);
  if (base.isShallow) await copyFile(join(base.directory, "shallow"), join(directory, "shallow"));
}
