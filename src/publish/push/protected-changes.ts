/** Finds changes to files that a forge runs with its own secrets. */
import { isUtf8 } from "node:buffer";
import { posix } from "node:path";
import { type BytePath, latin1Path, shownPath } from "../../trees/byte-path.ts";
import { NotExported } from "../../work/bounds/limits.ts";
import type { OwnGit } from "../../work/git/own-git.ts";
import { protectedPaths } from "../rules/protected-paths.ts";

export interface ProtectedChangesRequest {
  /** The checked repository of the export. */
  readonly repository: string;
  /** The commit that the session began with. */
  readonly base: string;
  /** The commit to publish. */
  readonly commit: string;
  /** Commits that the server has: what they reach is not new. */
  readonly known: readonly string[];
  /** Globs of the profile. */
  readonly protect: readonly string[];
}

const DIFF = ["diff-tree", "-r", "--root", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-commit-id"];
const LINK = "120000";
const SUBMODULE = "160000";
const RAW = /^:\d{6} (\d{6}) [0-9a-f]+ ([0-9a-f]+) [A-Z]\d*$/;
/** Rounds of links that lead to links. */
const MOST_ROUNDS = 10;
const MOST_LINKS = 100;

interface Change {
  readonly path: BytePath;
  /** What it is afterwards. */
  readonly mode: string;
  readonly id: string;
}

/**
 * The paths that differ between base and commit, or that any new commit changes, and that are protected: by their names in
 * any case, or because a protected link of the base leads to them.
 *
 * @returns shown paths, each once.
 * @throws NotExported when there are too many links to follow, and what `OwnGit.run` throws.
 */
export async function protectedChanges(
  git: OwnGit,
  { repository, base, commit, known, protect }: ProtectedChangesRequest,
): Promise<string[]> {
  const targets = await linkTargets(git, repository, base, protect);
  const { pathspecs, onTheWay } = protectedPaths(protect, targets);
  const between = await git.run([...DIFF, base, commit, "--", ...pathspecs], { repository });
  const tips = [commit, ...[...known, base].map((id) => `^${id}`)].map((line) => `${line}\n`).join("");
  const commits = await git.run(["rev-list", "--stdin"], { repository, input: Buffer.from(tips) });
  const within = await git.run([...DIFF, "-m", "--stdin", "--", ...pathspecs], {
    repository,
    input: commits,
  });
  const found = [...changesIn(between), ...changesIn(within)].filter(
    ({ path, mode }) => !onTheWay.has(path.toLowerCase()) || mode === LINK || mode === SUBMODULE,
  );
  return [...new Set(found.map(({ path }) => shownPath(path)))].sort();
}

/** Where the protected links of a commit lead to, and what they lead through. A submodule's place is told by `.gitmodules`. */
async function linkTargets(
  git: OwnGit,
  repository: string,
  base: string,
  protect: readonly string[],
): Promise<string[]> {
  const targets = new Set<string>();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const before = targets.size;
    const { pathspecs } = protectedPaths(protect, [...targets]);
    const empty = (await git.run(["mktree"], { repository, input: Buffer.alloc(0) })).toString().trim();
    const entries = [...changesIn(await git.run([...DIFF, empty, base, "--", ...pathspecs], { repository }))];
    const links = entries.filter(({ mode }) => mode === LINK);
    if (links.length > MOST_LINKS)
      throw new NotExported(`it has more than ${MOST_LINKS} links in protected places`);
    if (entries.some(({ mode }) => mode === SUBMODULE)) targets.add(".gitmodules");
    for (const { path, id } of links) {
      const target = pathBehind(path, await git.run(["cat-file", "blob", id], { repository }));
      if (target !== undefined) targets.add(target);
    }
    if (targets.size === before) return [...targets];
  }
  throw new NotExported("links in protected places lead to links without an end");
}

/** The path that a link leads to; undefined where that is not in the repository, or all of it. */
function pathBehind(link: BytePath, content: Buffer): string | undefined {
  const name = Buffer.from(link, "latin1");
  if (!isUtf8(name) || !isUtf8(content))
    throw new NotExported(
      `the link ${shownPath(link)} is in a protected place and leads to a name that is no UTF-8`,
    );
  const target = content.toString("utf8");
  if (target.startsWith("/")) return undefined;
  const path = posix.normalize(posix.join(posix.dirname(name.toString("utf8")), target)).replace(/\/$/, "");
  return path === "." || path.startsWith("..") ? undefined : path;
}

/** The entries of git's raw format, each with the path behind it; lines with the id of a commit are passed over. */
function* changesIn(output: Buffer): Generator<Change> {
  const fields = latin1Path(output).split("\0");
  for (let at = 0; at < fields.length; at += 1) {
    const [, mode, id] = RAW.exec(fields[at] ?? "") ?? [];
    if (mode === undefined || id === undefined) continue;
    at += 1;
    yield { path: (fields[at] ?? "") as BytePath, mode, id };
  }
}
