/** What git says about commits in a repository of agentd's own. */
import { latin1Path, shownPath } from "../../trees/byte-path.ts";
import { type ExportLimits, NotExported } from "../bounds/limits.ts";
import type { OwnGit } from "../git/own-git.ts";

export interface WorkCommit {
  readonly id: string;
  /** `Name <address>`, as the commit has it; anybody may have written anything there. */
  readonly author: string;
  /** When it was made, by the clock of its author; null where that is no time. */
  readonly time: string | null;
  /** Its first line. */
  readonly subject: string;
}

const SUBJECT_CHARACTERS = 500;

/** One line a commit, its fields between NULs: `>` for a new one, `-` for one that a new one is based on. */
const FORMAT = "%m%x00%H%x00%an <%ae>%x00%at%x00%s";

export interface ListedCommits {
  /** All that are new. */
  readonly ids: ReadonlySet<string>;
  /** The newest of them. */
  readonly listed: readonly WorkCommit[];
  /** Their parents that are not new. */
  readonly boundary: readonly string[];
}

/**
 * @param revisions as `git rev-list --stdin` takes them.
 * @throws NotExported when there are too many, and what `OwnGit.run` throws.
 */
export async function listCommits(
  git: OwnGit,
  repository: string,
  revisions: Buffer,
  limits: ExportLimits,
): Promise<ListedCommits> {
  const list = ["rev-list", "--stdin", "--boundary", "--no-commit-header", `--format=${FORMAT}`];
  const output = await git.run(list, { repository, input: revisions });
  const ids = new Set<string>();
  const listed: WorkCommit[] = [];
  const boundary: string[] = [];
  for (const line of output.toString("latin1").split("\n")) {
    const [mark, id = "", author = "", time = "", subject = ""] = line.split("\0");
    if (mark === "-") boundary.push(id);
    if (mark !== ">") continue;
    ids.add(id);
    if (listed.length < limits.listedCommits)
      listed.push({ id, author: shown(author), time: isoTime(Number(time)), subject: shown(subject) });
  }
  if (ids.size > limits.commits) throw new NotExported(`there are more than ${limits.commits} new ones`);
  return { ids, listed, boundary };
}

/** Those of the ids that are in the repository, whatever they name. */
export async function idsThatExist(
  git: OwnGit,
  repository: string,
  ids: readonly string[],
): Promise<string[]> {
  return (await kinds(git, repository, ids)).flatMap(({ id, kind }) => (kind === "missing" ? [] : [id]));
}

/** Those of the ids that name commits. */
export async function commitsAmong(
  git: OwnGit,
  repository: string,
  ids: readonly string[],
): Promise<string[]> {
  return (await kinds(git, repository, ids)).flatMap(({ id, kind }) => (kind === "commit" ? [id] : []));
}

async function kinds(
  git: OwnGit,
  repository: string,
  ids: readonly string[],
): Promise<{ readonly id: string; readonly kind: string }[]> {
  if (ids.length === 0) return [];
  const input = Buffer.from(ids.map((id) => `${id}\n`).join(""));
  const output = await git.run(["cat-file", "--batch-check=%(objectname) %(objecttype)"], {
    repository,
    input,
  });
  return output
    .toString("latin1")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => ({ id: line.split(" ")[0] ?? "", kind: line.split(" ")[1] ?? "" }));
}

/** Null for a time that no calendar has. */
function isoTime(seconds: number): string | null {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

function shown(bytes: string): string {
  const text = shownPath(latin1Path(Buffer.from(bytes, "latin1")));
  return text.length > SUBJECT_CHARACTERS ? `${text.slice(0, SUBJECT_CHARACTERS)}…` : text;
}
