/** Brings what a session had not committed into the files of a checkout. */
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentdError } from "../../errors.ts";
import { printable } from "../terminal/printable.ts";
import type { Checkout, Position } from "./checkout.ts";
import type { Fetched } from "./fetch-commits.ts";
import { openPatch, type SessionWork } from "./session-work.ts";

export interface AppliedRest {
  /** How many files the session had changed and not committed. */
  readonly files: number;
  /** The branch that was checked out for it; undefined when HEAD stayed where it was. */
  readonly switchedTo: string | undefined;
  /** Whether the files had these changes already. */
  readonly isThere: boolean;
}

const NONE: AppliedRest = { files: 0, switchedTo: undefined, isThere: false };

const DIFF = [
  ...["diff", "--binary", "--full-index", "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv"],
  ...["--no-relative", "--src-prefix=a/", "--dst-prefix=b/", "--ignore-submodules=none"],
];
const APPLY = ["apply", "--whitespace=nowarn"];

/**
 * Changes the files by what lies between the session's HEAD and its last files, uncommitted as it was. Where HEAD here has
 * not got the session's commits, their branch is checked out first. When anything fails, the checkout is as before.
 *
 * Of a session whose workspace was no clone, there may be no commit to tell that difference from: its whole patch is
 * applied to the files as they are.
 *
 * @param tried what for, as a phrase after "cannot".
 * @throws AgentdError `checkout_unusable` or `work_missing`.
 */
export async function applyRest(
  work: SessionWork,
  { head, branch }: Fetched,
  checkout: Checkout,
  tried: string,
): Promise<AppliedRest> {
  if (work.document.workspace !== "clone" || head === null) return await applyAll(work, checkout, tried);
  const scratch = await mkdtemp(join(tmpdir(), "agentd-apply-"));
  try {
    const rest = join(scratch, "rest.patch");
    const files = await writeRest({ work, head, checkout, tried, scratch, rest });
    const before = await checkout.position();
    const isOnIt = before.commit !== undefined && (await checkout.contains(before.commit, head));
    const switchedTo = isOnIt ? undefined : branch;
    if (files === 0 && switchedTo === undefined) return NONE;
    if (switchedTo !== undefined) await switchTo(switchedTo, checkout);
    try {
      const isThere =
        files > 0 && (await checkout.try([...APPLY, "--check", "--reverse", rest])).exitCode === 0;
      if (files > 0 && !isThere) await checkout.git([...APPLY, rest], inTheWay(work.id, branch));
      return { files, switchedTo, isThere };
    } catch (error) {
      if (switchedTo !== undefined) await switchBack(before, checkout);
      throw error;
    }
  } finally {
    const { removeTree } = await import("../../trees/remove-tree.ts");
    await removeTree(scratch);
  }
}

async function applyAll(work: SessionWork, checkout: Checkout, tried: string): Promise<AppliedRest> {
  const patch = await openPatch(work, tried);
  await patch?.close();
  if (patch === undefined) return NONE;
  const isThere = (await checkout.try([...APPLY, "--check", "--reverse", work.patch])).exitCode === 0;
  if (!isThere) {
    await checkout.git(
      [...APPLY, work.patch],
      `Your files are as before: they differ from those that the session began with. \`agentd diff --stat ${work.id}\` lists the files.`,
    );
  }
  return { files: work.summary.files_changed ?? 0, switchedTo: undefined, isThere };
}

interface RestRequest {
  readonly work: SessionWork;
  readonly head: string;
  readonly checkout: Checkout;
  readonly tried: string;
  /** Empty directory of agentd's own. */
  readonly scratch: string;
  /** Path of the new patch. */
  readonly rest: string;
}

/** Makes the session's last tree in an index of its own, and compares HEAD's with it; returns how many files differ. */
async function writeRest({ work, head, checkout, tried, scratch, rest }: RestRequest): Promise<number> {
  const base = work.summary.base ?? head;
  if ((await checkout.commitOf(base)) === undefined) {
    throw checkout.unusable(
      `this repository lacks the commit ${base} that the session began with`,
      `Fetch it with \`git fetch ${work.document.repo_url}\`; then run the command again.`,
    );
  }
  const advice = "Check the repository with `git fsck`.";
  const index = { env: await apartFrom(checkout, scratch) };
  await checkout.git(["read-tree", base], advice, index);
  const patch = await openPatch(work, tried);
  await patch?.close();
  if (patch !== undefined) await checkout.git([...APPLY, "--cached", work.patch], advice, index);
  const tree = (await checkout.git(["write-tree"], advice, index)).toString().trim();
  const names = await checkout.git([...DIFF, "--name-only", "-z", head, tree], advice, index);
  await checkout.git([...DIFF, `--output=${rest}`, head, tree], advice, index);
  return names.filter((byte) => byte === 0).length;
}

/** Variables with which git reads the checkout's objects and leaves nothing in it: what it makes is in `scratch`. */
async function apartFrom(checkout: Checkout, scratch: string): Promise<Record<string, string>> {
  const objects = await checkout.git(
    ["rev-parse", "--path-format=absolute", "--git-path", "objects"],
    "Check the repository with `git fsck`.",
  );
  const own = join(scratch, "objects");
  await mkdir(own);
  return {
    GIT_INDEX_FILE: join(scratch, "index"),
    GIT_OBJECT_DIRECTORY: own,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: objects.toString().trimEnd(),
  };
}

async function switchTo(branch: string, checkout: Checkout): Promise<void> {
  await checkout.git(
    ["switch", "--quiet", "--no-guess", branch],
    `Your files are as before. Commit or stash your changes, or check out ${branch} elsewhere: \`git worktree add PATH ${branch}\`.`,
  );
}

async function switchBack({ branch, commit }: Position, checkout: Checkout): Promise<void> {
  const to =
    branch === undefined
      ? ["--detach", commit ?? "HEAD"]
      : ["--no-guess", branch.replace(/^refs\/heads\//, "")];
  const { exitCode } = await checkout.try(["switch", "--quiet", ...to]);
  if (exitCode === 0) return;
  throw new AgentdError("checkout_unusable", {
    tried: `go back to ${printable(branch ?? commit ?? "HEAD")}`,
    why: "git cannot check it out again",
    next: "See `git status`.",
  });
}

function inTheWay(id: string, branch: string | undefined): string {
  const where = branch === undefined ? "the commit that the session began with" : `the branch ${branch}`;
  return (
    "Your files are as before: they differ from the session's where it changed them, or have a file where it made one.\n" +
    `Move that away, or apply it in a new checkout of ${where}; \`agentd diff --stat ${id}\` lists the files.`
  );
}
