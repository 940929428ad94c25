/** Takes what a session left in its files, committed or not, as a patch against the commit that was cloned. */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { type BytePath, bytePath, latin1Path } from "../../trees/byte-path.ts";
import type { TreeEntry } from "../../trees/tree-entry.ts";
import type { Base } from "../base/base.ts";
import { KEPT_MARK } from "../base/base.ts";
import { knownTree } from "../base/known-tree.ts";
import type { ExportLimits } from "../bounds/limits.ts";
import type { Pace } from "../bounds/pace.ts";
import { Budget } from "../git/content.ts";
import { readIndex } from "../git/index-file.ts";
import type { OwnGit } from "../git/own-git.ts";
import { addChanges, placeInCopy } from "./add-changes.ts";
import { IgnoreRules } from "./ignore-rules.ts";
import { compareWithKnown } from "./known-changes.ts";
import { takeNewFiles } from "./new-files.ts";
import { TreeCopy } from "./tree-copy.ts";
import { TreePaths } from "./tree-paths.ts";

export interface FinalTreeRequest {
  /** The tree. */
  readonly root: TreeEntry;
  readonly base: Base;
  /** Repository of agentd's own that has the base and the new commits; its index becomes the final tree. */
  readonly checked: string;
  /** The commit of HEAD, where `checked` has it. */
  readonly head: string | undefined;
  /** Directory of agentd's own for the copy. */
  readonly scratch: string;
  readonly limits: ExportLimits;
  readonly git: OwnGit;
  readonly pace: Pace;
  readonly leaveOut: (what: BytePath, why: string) => void;
}

/** How precise the times of a file system are at worst, where it has parts of a second at all. */
const TICK_MS = 20;
const WHOLE_SECONDS_MS = 2_000;

/**
 * Puts the final tree into the index of `checked`.
 *
 * @returns whether it differs from the base.
 * @throws GitFailure, NotExported, DeadlineExceeded, the system's error or the signal's reason when it cannot.
 */
export async function takeFinalTree(request: FinalTreeRequest): Promise<boolean> {
  const { root, base, checked, scratch, limits, git, pace, leaveOut } = request;
  const index = readFileSync(join(base.directory, "index"));
  const entries = [...readIndex(index, base.format === "sha1" ? 20 : 32)];
  const directory = join(scratch, "tree");
  mkdirSync(directory, { mode: 0o700 });
  const copy = new TreeCopy({
    directory: bytePath(directory),
    format: base.format,
    budget: new Budget(limits.bytes),
    pace,
    placeOf: placeInCopy,
  });
  const hasParts = entries.some(({ ctimeMs }) => !Number.isInteger(ctimeMs / 1000));
  const unsureFromMs =
    statSync(join(base.directory, KEPT_MARK)).ctimeMs - (hasParts ? TICK_MS : WHOLE_SECONDS_MS);
  const known = knownTree(entries);
  const changes = await compareWithKnown(root, known, { copy, unsureFromMs, limits, pace, leaveOut });
  const added = await takeNew(request, changes.found, copy);
  const changed = { taken: [...changes.taken, ...added], gone: changes.gone };
  await copyFile(join(base.directory, "index"), join(checked, "index"));
  if (changed.taken.length + changed.gone.length === 0) return false;
  await addChanges(changed, { repository: checked, format: base.format, copy: directory, git, leaveOut });
  return true;
}

async function takeNew(
  request: FinalTreeRequest,
  found: Parameters<typeof takeNewFiles>[0],
  copy: TreeCopy,
): Promise<BytePath[]> {
  if (found.length === 0) return [];
  const { root, checked, git } = request;
  using paths = new TreePaths(root);
  const rules = new IgnoreRules({ repository: checked, git, paths, copy });
  try {
    return await takeNewFiles(found, {
      ...request,
      paths,
      rules,
      copy,
      committed: () => committedFiles(request),
    });
  } finally {
    await rules.close();
  }
}

/** The files that HEAD has and the base has not. */
async function committedFiles({ base, checked, head, git }: FinalTreeRequest): Promise<Set<BytePath>> {
  if (head === undefined || head === base.tree) return new Set();
  const added = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", "--diff-filter=A"];
  return new Set(pathsIn(await git.run([...added, base.tree, head], { repository: checked })));
}

/** How many files of the final tree are not as HEAD has them; undefined when there is no such commit. */
export async function countUncommitted({
  checked,
  head,
  git,
}: FinalTreeRequest): Promise<number | undefined> {
  if (head === undefined) return undefined;
  const compare = ["diff-index", "--cached", "--no-renames", "--name-only", "-z", head];
  return pathsIn(await git.run(compare, { repository: checked })).length;
}

function pathsIn(output: Buffer): BytePath[] {
  return latin1Path(output)
    .split("\0")
    .filter((path) => path !== "") as BytePath[];
}
