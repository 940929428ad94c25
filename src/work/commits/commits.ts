/** Takes the new commits out of a session's repository as a server takes a push: checked, and into a bundle. */
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { type BytePath, bytePath } from "../../trees/byte-path.ts";
import { removeTree } from "../../trees/remove-tree.ts";
import type { TreeEntry } from "../../trees/tree-entry.ts";
import { GitFailure } from "../../workspace/git.ts";
import { listObjects } from "../../workspace/object-files.ts";
import { type Base, makeBorrower } from "../base/base.ts";
import type { ExportLimits } from "../bounds/limits.ts";
import type { Pace } from "../bounds/pace.ts";
import type { OwnGit } from "../git/own-git.ts";
import type { Refs } from "../git/refs.ts";
import { type BundleRef, writeBundle } from "./bundle.ts";
import { commitsAmong, idsThatExist, listCommits, type WorkCommit } from "./list-commits.ts";
import { takeObjects } from "./take-objects.ts";

export interface CommitsRequest {
  /** The session's `.git`. */
  readonly gitDirectory: TreeEntry;
  readonly refs: Refs;
  /** Those of `refs` that are new or have moved. */
  readonly changed: ReadonlyMap<BytePath, string>;
  readonly base: Base;
  /** Directory of agentd's own; what is made there besides `checked` is of no use afterwards. */
  readonly scratch: string;
  /** A repository that knows only the base; gets the new commits. */
  readonly checked: string;
  readonly output: string;
  readonly limits: ExportLimits;
  readonly git: OwnGit;
  readonly pace: Pace;
  readonly leaveOut: (what: BytePath, why: string) => void;
}

export interface NewCommits {
  readonly count: number;
  readonly listed: readonly WorkCommit[];
  /** Undefined: there is no bundle. */
  readonly bundleBytes: number | undefined;
  /** The ids of refs that lead to something which is in `checked` now, and was no id of a ref before. */
  readonly tips: readonly string[];
}

const PACK_HEADER_BYTES = 12;

const NONE: NewCommits = { count: 0, listed: [], bundleBytes: undefined, tips: [] };

/**
 * Writes the bundle of what HEAD and the changed refs reach and the refs of the base do not.
 *
 * @throws NotExported, GitFailure, DeadlineExceeded or the signal's reason when it cannot be: then there is no bundle.
 */
export async function exportCommits(request: CommitsRequest): Promise<NewCommits> {
  const { base, scratch, checked, git, limits } = request;
  const wanted = newTips(request);
  if (wanted.length === 0) return NONE;
  const taken = join(scratch, "taken.git");
  const pack = join(scratch, "new.pack");
  await takeRepository(request, taken);
  const tips = await packNewObjects(request, wanted, { taken, pack });
  await removeTree(taken);
  const isEmpty = (await objectsIn(pack)) === 0;
  if (!isEmpty) {
    const check = ["index-pack", "--stdin", "--fix-thin", "--strict", "--fsck-objects"];
    await git.run(check, { repository: checked, input: { path: pack } });
  }
  const { ids, listed, boundary } = await listCommits(git, checked, revisions(tips, base), limits);
  if (isEmpty) return { count: ids.size, listed, bundleBytes: undefined, tips };
  const refs = namedTips(request, tips);
  const old = refs.map(({ id }) => id).filter((id) => !ids.has(id));
  const bundleBytes = await writeBundle(request.output, {
    format: base.format,
    prerequisites: [...new Set([...boundary, ...(await commitsAmong(git, checked, old))])],
    refs,
    pack,
    bytes: limits.bytes,
  });
  return { count: ids.size, listed, bundleBytes, tips };
}

/**
 * Packs what the tips reach and the base does not. A ref that leads to nothing is left out; git then stops at others.
 *
 * @returns the tips that there are.
 */
async function packNewObjects(
  { base, git, refs, changed, leaveOut }: CommitsRequest,
  tips: readonly string[],
  { taken, pack }: { readonly taken: string; readonly pack: string },
): Promise<readonly string[]> {
  // A shallow repository has commits whose parents are missing, which are no base for deltas.
  const form = base.isShallow ? [] : ["--thin"];
  const packing = ["pack-objects", "--revs", ...form, "--stdout", "--delta-base-offset", "-q"];
  const attempt = (those: readonly string[]): Promise<Buffer> =>
    git.run(packing, { repository: taken, input: revisions(those, base), outputFile: pack });
  try {
    await attempt(tips);
    return tips;
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    const there = new Set(await idsThatExist(git, taken, tips));
    if (there.size === 0 || there.size === tips.length) throw error;
    const named = [
      ...changed,
      ...(refs.headId === undefined ? [] : [[bytePath("HEAD"), refs.headId] as const]),
    ];
    for (const [name, id] of named)
      if (tips.includes(id) && !there.has(id)) leaveOut(name, "it leads to an object that is missing");
    await attempt([...there]);
    return [...there];
  }
}

/** The ids that HEAD and the changed refs have, and none of the base's refs. */
function newTips({ refs, changed, base }: CommitsRequest): string[] {
  const old = oldIds(base);
  const ids = [...(refs.headId === undefined ? [] : [refs.headId]), ...changed.values()];
  return [...new Set(ids)].filter((id) => !old.has(id));
}

/** What a bundle names: HEAD first, then the refs that lead to something new. */
function namedTips({ refs, changed, base }: CommitsRequest, tips: readonly string[]): BundleRef[] {
  const isTip = new Set(tips);
  const named = [...changed].flatMap(([name, id]) => (isTip.has(id) ? [{ name, id }] : []));
  const { headId } = refs;
  const isNamed = headId !== undefined && (isTip.has(headId) || oldIds(base).has(headId));
  return isNamed ? [{ name: bytePath("HEAD"), id: headId }, ...named] : named;
}

function oldIds(base: Base): Set<string> {
  return new Set([...base.refs.ids.values(), ...(base.commit === undefined ? [] : [base.commit])]);
}

function revisions(tips: readonly string[], base: Base): Buffer {
  const old = Array.from(oldIds(base), (id) => `^${id}`);
  return Buffer.from([...tips, ...old].map((line) => `${line}\n`).join(""));
}

/** A repository of agentd's own with the session's objects, which nothing has checked yet. */
async function takeRepository(
  { gitDirectory, base, limits, git, pace }: CommitsRequest,
  taken: string,
): Promise<void> {
  const objects = join(base.directory, "objects");
  await makeBorrower(base, taken);
  const known = await listObjects(base.directory);
  const packs = await takeObjects(gitDirectory, {
    into: join(taken, "objects"),
    known,
    // The agent's git may have put all objects into one pack.
    bytes: limits.bytes + (await bytesOf(objects, known)),
    objects: limits.objects,
    pace,
  });
  for (const pack of packs) {
    await git.run(["index-pack", pack], { repository: taken });
  }
}

async function bytesOf(objects: string, paths: ReadonlySet<string>): Promise<number> {
  const sizes = Array.from(paths, async (path) =>
    path.startsWith("pack/") ? (await stat(join(objects, `${path}.pack`))).size : 0,
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** How many objects a pack says it has (gitformat-pack(5)). */
async function objectsIn(pack: string): Promise<number> {
  const file = await open(pack);
  try {
    const { buffer } = await file.read(Buffer.alloc(PACK_HEADER_BYTES), 0, PACK_HEADER_BYTES, 0);
    return buffer.readUInt32BE(8);
  } finally {
    await file.close();
  }
}
