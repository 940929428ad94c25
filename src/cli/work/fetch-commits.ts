/** Brings the commits of a session into a checkout, by the same ids. */
import type { LeftOut } from "../../work/bounds/left-out.ts";
import { type Checkout, lastWords } from "./checkout.ts";
import { hasBundle, type SessionWork } from "./session-work.ts";

/** What came into the checkout. */
export interface Fetched {
  /** The branch of the session's HEAD; undefined when it made no commit there. */
  readonly branch: string | undefined;
  /** The commit of the session's HEAD; the cloned one where it had none; null where there was none, either. */
  readonly head: string | null;
  /** How many commits of the session lead to it. */
  readonly commits: number;
  /** Other refs, by their full names here. */
  readonly refs: ReadonlyMap<string, string>;
  /** Refs that were not taken, and why. */
  readonly refused: readonly LeftOut[];
}

export interface FetchOptions {
  /** What for, as a phrase after "cannot". */
  readonly tried: string;
  /** Whether a branch that is elsewhere is set to the session's commit. */
  readonly force: boolean;
}

/** What is in a bundle is an agent's: where git can, it checks the objects as a server does. */
const FETCH = [
  ...["-c", "fetch.fsckObjects=true", "fetch", "--quiet", "--atomic", "--stdin"],
  ...["--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-prune"],
];

/**
 * Fetches HEAD into the branch `agentd/SESSION`, and the other refs into `refs/agentd/SESSION/`. All are made, or none.
 *
 * @throws AgentdError `checkout_unusable` or `work_missing`.
 */
export async function fetchCommits(
  work: SessionWork,
  checkout: Checkout,
  { tried, force }: FetchOptions,
): Promise<Fetched> {
  const { base } = work.summary;
  const branch = `agentd/${work.id}`;
  if (!(await hasBundle(work, tried))) return await withoutBundle(work, checkout, { branch, force });
  await verifyBundle(work, checkout);
  const { head, refs, refused } = await readHeads(work.bundle, checkout);
  const specs: string[] = [];
  if (head !== undefined && (await mustSet(branch, head, checkout, force)))
    specs.push(`${force ? "+" : ""}HEAD:refs/heads/${branch}`);
  const others = new Map<string, string>();
  for (const [name, id] of refs) {
    const here = `refs/${branch}/${name.slice("refs/".length)}`;
    specs.push(`+${name}:${here}`);
    others.set(here, id);
  }
  if (specs.length > 0) {
    await checkout.git(
      [...FETCH, work.bundle],
      "Nothing was changed. See what is in the way with `git for-each-ref`, `git branch` and `git worktree list`.",
      { input: Buffer.from(specs.map((spec) => `${spec}\n`).join(""), "latin1") },
    );
  }
  return {
    branch: head === undefined ? undefined : branch,
    head: head ?? base,
    commits: head === undefined ? 0 : await checkout.countCommits(head, base),
    refs: others,
    refused,
  };
}

/** A session without new commits has its HEAD at one that the repository had before, mostly the cloned one. */
async function withoutBundle(
  { summary, document }: SessionWork,
  checkout: Checkout,
  { branch, force }: { readonly branch: string; readonly force: boolean },
): Promise<Fetched> {
  const { base } = summary;
  const head = summary.head.commit ?? base;
  const none = { branch: undefined, head, commits: 0, refs: new Map(), refused: [] };
  if (head === null || head === base) return none;
  if ((await checkout.commitOf(head)) === undefined) throw missing([head], document.repo_url, checkout);
  if (await mustSet(branch, head, checkout, force)) {
    const flags = force ? ["--force"] : [];
    await checkout.git(
      ["branch", "--no-track", ...flags, branch, head],
      "See `git branch` and `git worktree list`.",
    );
  }
  return { ...none, branch };
}

/** Whether the branch is not there yet, or is to be moved. @throws AgentdError when it has other commits. */
async function mustSet(branch: string, head: string, checkout: Checkout, force: boolean): Promise<boolean> {
  const existing = await checkout.commitOf(`refs/heads/${branch}`);
  if (existing === head) return false;
  if (existing !== undefined && !force) {
    throw checkout.unusable(
      `the branch ${branch} exists and is at ${existing}, not at the session's ${head}`,
      `Rename it with \`git branch -m ${branch} NAME\`, or set it to the session's commit with --force.`,
    );
  }
  const parent = await checkout.commitOf("refs/heads/agentd");
  if (parent === undefined) return true;
  throw checkout.unusable(
    `a branch named agentd is in the way of ${branch}`,
    "Rename it with `git branch -m agentd NAME`.",
  );
}

async function verifyBundle({ bundle, document }: SessionWork, checkout: Checkout): Promise<void> {
  // With --quiet, git does not name what is missing.
  const { exitCode, stderr } = await checkout.try(["bundle", "verify", bundle]);
  if (exitCode === 0) return;
  const lacking = /lacks these prerequisite/.test(stderr);
  const ids = [...stderr.matchAll(/^error: ([0-9a-f]{40,64})\b/gm)].map(([, id = ""]) => id);
  if (lacking && ids.length > 0) throw missing(ids, document.repo_url, checkout);
  throw checkout.unusable(
    `git does not accept the bundle of the session's commits: ${lastWords(stderr)}`,
    "Is this a checkout of the session's repository? In a shallow one, run `git fetch --unshallow` first.",
  );
}

/** How many missing commits an error names. */
const MOST_NAMED = 3;

function missing(ids: readonly string[], url: string | null, checkout: Checkout) {
  const named = ids.slice(0, MOST_NAMED).join(", ");
  const more = ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : "";
  return checkout.unusable(
    `this repository lacks ${ids.length === 1 ? "the commit" : "the commits"} ${named}${more} that the session's work is based on`,
    `Fetch it with \`git fetch${url === null ? "" : ` ${url}`}\` or, in a shallow clone, \`git fetch --unshallow\`; then run the command again.`,
  );
}

async function readHeads(bundle: string, checkout: Checkout) {
  const { readBundleHeads } = await import("../../work/commits/bundle-heads.ts");
  const list = await checkout.git(
    ["bundle", "list-heads", bundle],
    "Check the record with `agentd audit verify`.",
  );
  const ignoresCase = (await checkout.try(["config", "--type=bool", "core.ignoreCase"])).stdout.toString();
  return readBundleHeads(list, { ignoresCase: ignoresCase === "true\n" });
}
