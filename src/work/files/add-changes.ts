/** Has git add changed files to an index, converted as the attributes of the clone say. */
import { type BytePath, latin1Path, parentOf } from "../../trees/byte-path.ts";
import { GitFailure } from "../../workspace/git.ts";
import type { OwnGit } from "../git/own-git.ts";
import { type ObjectFormat, withoutConversion } from "../git/own-repository.ts";

export interface Changed {
  /** Paths that are in the copy, each at its `placeInCopy`. */
  readonly taken: readonly BytePath[];
  readonly gone: readonly BytePath[];
}

export interface AddOptions {
  readonly repository: string;
  readonly format: ObjectFormat;
  readonly copy: string;
  readonly git: OwnGit;
  readonly leaveOut: (what: BytePath, why: string) => void;
}

/**
 * Git reads attributes from the files of a tree before it reads those of the index. A changed file of attributes stands
 * under another name, so that only what was cloned counts.
 */
const ATTRIBUTES = /(?<=^|\/)\.gitattributes(?=\/|$)/g;
const STAND_IN = ".gitattributes-of-the-session";

/** Where a file stands in the copy. */
export function placeInCopy(path: BytePath): BytePath {
  return path.replace(ATTRIBUTES, STAND_IN) as BytePath;
}

/** Adds and removes paths in the index of the repository. @throws what `OwnGit.run` throws. */
export async function addChanges({ taken, gone }: Changed, options: AddOptions): Promise<void> {
  const standIns = new Map(
    taken.flatMap((path) => (isPlain(path) ? [] : [[placeInCopy(path), path] as const])),
  );
  const isTaken = new Set<string>(taken);
  // Adding a file or a link removes what was in a directory of its name; git must not look for that behind the link.
  const removed = gone.filter((path) => isPlain(path) && !isOrIsBelow(path, isTaken));
  await updateIndex([...removed, ...taken.map(placeInCopy)], options);
  await renameInIndex(
    standIns,
    gone.filter((path) => !isPlain(path)),
    options,
  );
}

function isPlain(path: BytePath): boolean {
  return placeInCopy(path) === path;
}

function isOrIsBelow(path: BytePath, places: ReadonlySet<string>): boolean {
  for (let part = path; part !== ""; part = parentOf(part)) if (places.has(part)) return true;
  return false;
}

async function updateIndex(paths: readonly BytePath[], options: AddOptions): Promise<void> {
  if (paths.length === 0) return;
  const { repository, copy, git, leaveOut } = options;
  const update = ["update-index", "--add", "--remove", "--replace", "-z", "--stdin"];
  const run = { repository, workTree: copy, input: lines(paths) };
  try {
    await git.run(update, run);
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    // A file that is not in the encoding that the attributes name stops git.
    await withoutConversion(repository);
    leaveOut(
      "conversions" as BytePath,
      `git could not apply them, so files are as they are: ${error.output.trim()}`,
    );
    await git.run(update, run);
  }
}

/** Gives files their own names, and removes others, without another look at the copy. */
async function renameInIndex(
  standIns: ReadonlyMap<BytePath, BytePath>,
  gone: readonly BytePath[],
  { repository, format, git }: AddOptions,
): Promise<void> {
  if (standIns.size + gone.length === 0) return;
  const removal = (path: BytePath): string => `0 ${"0".repeat(format === "sha1" ? 40 : 64)}\t${path}`;
  const staged = latin1Path(await git.run(["ls-files", "--stage", "-z"], { repository }));
  const renamed = staged.split("\0").flatMap((line) => {
    const tab = line.indexOf("\t");
    const path = line.slice(tab + 1) as BytePath;
    const own = standIns.get(path);
    return own === undefined ? [] : [removal(path), `${line.slice(0, tab)}\t${own}`];
  });
  const input = lines([...gone.map(removal), ...renamed]);
  await git.run(["update-index", "-z", "--index-info"], { repository, input });
}

function lines(paths: readonly string[]): Buffer {
  return Buffer.from(paths.map((path) => `${path}\0`).join(""), "latin1");
}
