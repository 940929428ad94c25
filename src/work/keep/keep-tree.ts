/**
 * Keeps what a tree was that is no clone, before any container sees it: its files, and the commits of a plain repository
 * in it. An empty tree is one, too.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../../errors.ts";
import { type BytePath, bytePath } from "../../trees/byte-path.ts";
import { removeTree } from "../../trees/remove-tree.ts";
import { TreeEntry } from "../../trees/tree-entry.ts";
import { GitFailure } from "../../workspace/git.ts";
import { TREE_FILE } from "../base/base.ts";
import { KEPT_MARK } from "../base/base.ts";
import { DEFAULT_LIMITS, NotExported } from "../bounds/limits.ts";
import { Pace } from "../bounds/pace.ts";
import { idsThatExist } from "../commits/list-commits.ts";
import { hasGitDirectory, openGitDirectory } from "../commits/session-repository.ts";
import { takeObjects } from "../commits/take-objects.ts";
import { readSmall } from "../git/content.ts";
import { OwnGit } from "../git/own-git.ts";
import {
  formatOfId,
  makeOwnRepository,
  type ObjectFormat,
  withoutConversion,
} from "../git/own-repository.ts";
import { readRefs, type Refs } from "../git/refs.ts";

export interface KeepTreeOptions {
  /** The tree, which no container has seen yet; what is in it may be anything. */
  readonly treeDirectory: string;
  /** Its files and links, but for those of repositories. */
  readonly paths: readonly BytePath[];
  /** Where to keep it: never mounted. What an earlier attempt has left there is removed. */
  readonly baseDirectory: string;
  /** The most bytes that the tree and its repository may have. */
  readonly limitBytes: number;
  /** The whole environment of git, as `gitEnvironment` makes it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const TIME_MS = 1_800_000;
const SLACK_BYTES = 64 * 1_048_576;
const REF_ENTRIES = 100_000;
const PACKED_REFS_BYTES = 64 * 1_048_576;
const SHALLOW_BYTES = 1_048_576;
const SHALLOW = /^(?:(?:[0-9a-f]{40}|[0-9a-f]{64})\n)+$/;

/** Compressing would take longer than anything else, for files that are removed with the session. */
const FAST = ["core.compression=0", "core.looseCompression=0", "pack.compression=0"].flatMap((setting) => [
  "-c",
  setting,
]);

/**
 * Makes the `base.git` of a session whose workspace is no clone, a bare repository.
 *
 * @returns what an operator should know, as sentences.
 * @throws GitFailure, NotExported, the system's error, or the signal's reason.
 */
export async function keepTree(options: KeepTreeOptions): Promise<string[]> {
  const { treeDirectory, paths, baseDirectory, signal, limitBytes, environment } = options;
  const pace = new Pace(signal, TIME_MS);
  const git = new OwnGit({
    environment,
    pace,
    memoryBytes: DEFAULT_LIMITS.memoryBytes,
    bytes: limitBytes + SLACK_BYTES,
  });
  const tools: Tools = { git, pace };
  const warnings: string[] = [];
  using root = TreeEntry.root(treeDirectory);
  const hasHistory = await keepHistory(root, options, tools).catch((error: unknown) => {
    signal.throwIfAborted();
    const why = unusable(error);
    if (why === undefined) throw error;
    warnings.push(
      `The directory's own repository is not a base for the session's commits, which will not be exported: ${why}.`,
    );
    return false;
  });
  if (!hasHistory) await makeAnew(baseDirectory, "sha1");
  // Without a repository nobody says which files git should convert: they are kept as they are.
  if (!hasHistory) await withoutConversion(baseDirectory);
  const run = { repository: baseDirectory, workTree: treeDirectory };
  await git.run(["read-tree", "--empty"], { repository: baseDirectory });
  if (paths.length > 0) {
    const add = [...FAST, "update-index", "--add", "-z", "--stdin"];
    const input = Buffer.from(paths.map((path) => `${path}\0`).join(""), "latin1");
    await git.run(add, { ...run, input }).catch(async (error: unknown) => {
      if (!(error instanceof GitFailure)) throw error;
      // A file that is not in the encoding that the attributes name stops git.
      await withoutConversion(baseDirectory);
      await git.run(add, { ...run, input });
    });
  }
  const tree = await git.run([...FAST, "write-tree"], { repository: baseDirectory });
  await writeFile(join(baseDirectory, TREE_FILE), tree);
  await writeFile(join(baseDirectory, KEPT_MARK), "");
  return warnings;
}

/** Why the repository cannot be read; undefined where that is not the reason. */
function unusable(error: unknown): string | undefined {
  if (error instanceof NotExported) return error.message;
  if (error instanceof GitFailure) return error.output.trim().replaceAll("\n", " ");
  const code = systemCode(error);
  return code === undefined || code === "ENOSPC" ? undefined : `it cannot be read (${code})`;
}

interface Tools {
  readonly git: OwnGit;
  readonly pace: Pace;
}

async function makeAnew(directory: string, format: ObjectFormat): Promise<void> {
  await removeTree(directory);
  makeOwnRepository(directory, format, []);
}

/**
 * Takes over commits and refs of the tree's repository, read as one that anybody may have written.
 *
 * @returns false when it has no commits, or there is none.
 * @throws NotExported, GitFailure.
 */
async function keepHistory(
  root: TreeEntry,
  { baseDirectory, limitBytes }: KeepTreeOptions,
  { git, pace }: Tools,
): Promise<boolean> {
  if (!hasGitDirectory(root)) return false;
  using gitDirectory = openGitDirectory(root);
  const refs = refsOf(gitDirectory);
  if (refs?.headId === undefined) return false;
  await makeAnew(baseDirectory, formatOfId(refs.headId));
  const packs = await takeObjects(gitDirectory, {
    into: join(baseDirectory, "objects"),
    known: new Set(),
    bytes: limitBytes,
    objects: DEFAULT_LIMITS.objects,
    pace,
  });
  for (const pack of packs) await git.run(["index-pack", pack], { repository: baseDirectory });
  await keepShallow(gitDirectory, baseDirectory);
  const there = new Set(
    await idsThatExist(git, baseDirectory, [...new Set([refs.headId, ...refs.ids.values()])]),
  );
  if (!there.has(refs.headId)) throw new NotExported("the commit of its HEAD is missing");
  const kept = [...refs.ids].filter(([, id]) => there.has(id));
  const packed = kept.map(([name, id]) => `${id} ${name}\n`).join("");
  await writeFile(join(baseDirectory, "packed-refs"), Buffer.from(packed, "latin1"));
  const head = refs.headRef === undefined ? refs.headId : `ref: ${refs.headRef}`;
  await writeFile(join(baseDirectory, "HEAD"), Buffer.from(`${head}\n`, "latin1"));
  return true;
}

function refsOf(gitDirectory: TreeEntry): Refs | undefined {
  try {
    const read = (idLength: number): Refs =>
      readRefs(gitDirectory, {
        idLength,
        entries: REF_ENTRIES,
        packedBytes: PACKED_REFS_BYTES,
        leaveOut: () => undefined,
      });
    return [40, 64].map(read).find(({ headId }) => headId !== undefined);
  } catch (error) {
    throw new NotExported(`its HEAD cannot be read (${systemCode(error) ?? String(error)})`);
  }
}

/** Where a shallow repository ends: git would look for parents that it has not got. */
async function keepShallow(gitDirectory: TreeEntry, baseDirectory: string): Promise<void> {
  let content: string | undefined;
  try {
    using entry = gitDirectory.open(bytePath("shallow"));
    content = readSmall(entry, SHALLOW_BYTES)?.toString("latin1");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw new NotExported("its file shallow cannot be read");
  }
  if (content === undefined || !SHALLOW.test(content)) throw new NotExported("its file shallow is not one");
  await writeFile(join(baseDirectory, "shallow"), content);
}
