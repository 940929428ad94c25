/**
 * Publishes the work of a session: a branch on the server, and a pull or merge request for it. What is done already is not
 * done again: a branch at that commit stays, and an open request is the one.
 */
import { AgentdError } from "../errors.ts";
import { NotExported } from "../work/bounds/limits.ts";
import { DEFAULT_LIMITS } from "../work/bounds/limits.ts";
import { Pace } from "../work/bounds/pace.ts";
import { OwnGit } from "../work/git/own-git.ts";
import { createGit, gitEnvironment, GitFailure } from "../workspace/git.ts";
import { parseRepositoryUrl } from "../workspace/repository-url.ts";
import { hasCommit } from "./push/has-commit.ts";
import { makeLastCommit, subjectOf } from "./push/last-commit.ts";
import { protectedChanges } from "./push/protected-changes.ts";
import { Remote, type RemoteBranches } from "./push/remote.ts";
import { type FindValues, valuesInCommits } from "./push/values-in-commits.ts";
import { type RequestTools, sendRequest } from "./request.ts";
import { branchName } from "./rules/branch-name.ts";
import type { Publication, PushedBranch } from "./settings.ts";

export interface PublishTools extends RequestTools {
  /** The daemon's; git and the connection to a forge get a few allowed names of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /**
   * What finds the values of the session's credentials; "unknown" where nobody can. Default: the session had none.
   */
  readonly findValues?: FindValues | "unknown" | undefined;
}

/** Called on the way; publishing waits for each. */
export interface PublishSteps {
  /** Before a branch is pushed. */
  readonly pushing: (branch: PushedBranch & { readonly url: string }) => Promise<void>;
  /** The branch is at that commit on the server. */
  readonly pushed: (branch: PushedBranch & { readonly url: string }) => Promise<void>;
}

export type PublishResult =
  /** There is nothing to publish. */
  | { readonly kind: "nothing"; readonly why: string }
  | {
      readonly kind: "published";
      readonly branch: string;
      readonly commit: string;
      /** Of the repository. */
      readonly url: string;
      /** Null: none is asked for, or it could not be opened. */
      readonly requestUrl: string | null;
      /** Why there is no request although one is asked for. */
      readonly requestFailure: AgentdError | undefined;
      /** What an operator should know, as sentences. */
      readonly warnings: readonly string[];
    };

const PUSH_MS = 600_000;
const CHECK_MS = 120_000;
const SHOWN_PATHS = 5;

/**
 * Publishes.
 *
 * @throws AgentdError `publish_refused` or `publish_failed`: nothing was changed on the server, as far as is known; what a
 * step throws; the signal's reason.
 */
export async function publishWork(
  publication: Publication,
  tools: PublishTools,
  steps: PublishSteps,
): Promise<PublishResult> {
  const { settings, session, work, token } = publication;
  const { environment, signal } = tools;
  const url = settings.remote ?? session.repository.url;
  const git = new OwnGit({
    environment: gitEnvironment(environment, []),
    pace: new Pace(signal, CHECK_MS),
    memoryBytes: DEFAULT_LIMITS.memoryBytes,
    bytes: DEFAULT_LIMITS.bytes,
  });
  const branch = await checkedBranch(publication, git);
  const found = await commitToPublish(publication, git);
  if ("why" in found) return { kind: "nothing", why: found.why };
  const { commit } = found;
  await refuseProtected(publication, commit, git);
  await refuseValues(publication, commit, { git, findValues: tools.findValues });
  const remote = new Remote({
    url,
    token: parseRepositoryUrl(url).protocol.startsWith("http") ? token?.value : undefined,
    tokenSource: token?.source,
    repository: work.directory,
    scratch: work.scratch,
    git: createGit(environment),
    signal,
    deadlineMs: PUSH_MS,
  });
  const { ref } = session.repository;
  const branches = await remote.branches([branch, ...(ref === null || ref === branch ? [] : [ref])]);
  await pushOnce(publication, { branch, commit, url }, { remote, branches, steps });
  const done = { kind: "published", branch, commit, url } as const;
  if (settings.request === undefined)
    return { ...done, requestUrl: null, requestFailure: undefined, warnings: [] };
  const subject = await subjectOf(git, work.directory, commit);
  const sent = await sendRequest(
    {
      publication,
      settings: settings.request,
      url,
      branch,
      commit,
      subject,
      branches,
      hasRest: found.hasRest,
    },
    tools,
  );
  return { ...done, ...sent };
}

async function pushOnce(
  { pushed }: Publication,
  target: PushedBranch & { readonly url: string },
  {
    remote,
    branches,
    steps,
  }: { readonly remote: Remote; readonly branches: RemoteBranches; readonly steps: PublishSteps },
): Promise<void> {
  const { branch, commit } = target;
  // Whoever has removed or moved it since then meant to.
  if (pushed?.branch === branch && pushed.commit === commit) return;
  if (branches.ids.get(branch) !== commit) {
    await steps.pushing(target);
    await remote.push(commit, branch);
  }
  await steps.pushed(target);
}

async function checkedBranch({ settings, session }: Publication, git: OwnGit): Promise<string> {
  const { profile, workUnit, sessionId, startTimestamp } = session;
  const date = startTimestamp.slice(0, "2026-11-28".length);
  const branch = branchName(settings.branch, { profile, workUnit, sessionId, date });
  try {
    await git.run(["check-ref-format", `refs/heads/${branch}`], { repository: "/" });
    return branch;
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    throw new AgentdError("publish_refused", {
      tried: `publish session ${sessionId} as ${JSON.stringify(branch)}`,
      why: "git does not accept that as the name of a branch",
      next: "Change publish.branch in the profile.",
      cause: error,
    });
  }
}

type Found = { readonly commit: string; readonly hasRest: boolean } | { readonly why: string };

async function commitToPublish(
  { settings, session, work, author }: Publication,
  git: OwnGit,
): Promise<Found> {
  const { directory: repository, summary, known } = work;
  const head = summary.head.commit;
  if (head === null) return { why: "the session left no commit" };
  if (summary.commit_count === null || !(await hasCommit(git, repository, head)))
    throw unpublishable(session.sessionId, "its commits could not be exported");
  if (settings.commitRest && summary.uncommitted === null)
    throw unpublishable(session.sessionId, "its files could not be exported");
  const hasRest = settings.commitRest && (summary.uncommitted ?? 0) > 0;
  const { sessionId, endTimestamp: time } = session;
  const commit = hasRest
    ? await makeLastCommit(git, { repository, parent: head, sessionId, author, time })
    : head;
  const tips = [commit, ...known.map((id) => `^${id}`)].map((line) => `${line}\n`).join("");
  const count = await git.run(["rev-list", "--count", "--stdin"], { repository, input: Buffer.from(tips) });
  if (Number(count.toString()) > 0) return { commit, hasRest };
  const elsewhere = summary.branches.filter(({ commit: id }) => id !== head).map(({ name }) => name);
  if (elsewhere.length === 0) return { why: "the session left no new commit and no change" };
  return {
    why: `HEAD has no new commit; other branches have (${elsewhere.slice(0, SHOWN_PATHS).join(", ")})`,
  };
}

async function refuseProtected(
  { settings, session, work }: Publication,
  commit: string,
  git: OwnGit,
): Promise<void> {
  if (settings.allowCi) return;
  const { directory: repository, known, summary } = work;
  const base = summary.base;
  if (base === null) throw unpublishable(session.sessionId, "it did not begin with a commit");
  try {
    const { protect } = settings;
    const changed = await protectedChanges(git, { repository, base, commit, known, protect });
    if (changed.length === 0) return;
    const more = changed.length > SHOWN_PATHS ? ` and ${changed.length - SHOWN_PATHS} more` : "";
    throw new AgentdError("publish_refused", {
      tried: `publish the work of session ${session.sessionId}`,
      why: `it changes files that the server runs with its own secrets: ${changed.slice(0, SHOWN_PATHS).join(", ")}${more}`,
      next: `Look at them with \`agentd diff ${session.sessionId}\`. To publish such changes, set publish.allow_ci = true.`,
      details: { paths: changed },
    });
  } catch (error) {
    if (error instanceof NotExported) throw unpublishable(session.sessionId, error.message, error);
    throw error;
  }
}

async function refuseValues(
  { session: { sessionId }, work: { directory: repository, scratch, known } }: Publication,
  commit: string,
  { git, findValues }: { readonly git: OwnGit; readonly findValues: PublishTools["findValues"] },
): Promise<void> {
  if (findValues === undefined) return;
  if (findValues === "unknown")
    throw unpublishable(sessionId, "agentd cannot look for the values of its credentials in it any more");
  try {
    const names = await valuesInCommits(git, { repository, scratch, commit, known }, findValues);
    if (names.length === 0) return;
    throw new AgentdError("publish_refused", {
      tried: `publish the work of session ${sessionId}`,
      why: `its commits contain the value of a credential: ${names.join(", ")}`,
      next: `Replace that credential at its issuer if anybody else may see the record. Look at the work with \`agentd diff ${sessionId}\`.`,
      details: { credentials: names },
    });
  } catch (error) {
    if (error instanceof NotExported) throw unpublishable(sessionId, error.message, error);
    throw error;
  }
}

function unpublishable(sessionId: string, why: string, cause?: unknown): AgentdError {
  return new AgentdError("publish_refused", {
    tried: `publish the work of session ${sessionId}`,
    why,
    next: `See work/summary.json of its record: \`agentd show ${sessionId}\`.`,
    cause,
  });
}
