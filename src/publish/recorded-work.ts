/**
 * Makes the work in a record ready to be published, where the clone and what the export left are gone: a repository of
 * agentd's own with what the server has, the commits of the record's bundle, and the files of its patch as the index.
 */
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { AgentdError, sentence } from "../errors.ts";
import { Pace } from "../work/bounds/pace.ts";
import { OwnGit } from "../work/git/own-git.ts";
import { formatOfId, makeOwnRepository } from "../work/git/own-repository.ts";
import type { WorkSummary } from "../work/summary.ts";
import { createGit, gitEnvironment, GitFailure } from "../workspace/git.ts";
import { parseRepositoryUrl } from "../workspace/repository-url.ts";
import { hasCommit } from "./push/has-commit.ts";
import { Remote } from "./push/remote.ts";

/** What a record has of a session's work, and where the rest is. */
export interface RecordedWork {
  readonly sessionId: string;
  readonly summary: WorkSummary;
  /** Path of the bundle; undefined: the session made no commits, or they were not exported. */
  readonly bundle: string | undefined;
  /** Path of the patch; undefined: no file was changed, or they were not exported. */
  readonly patch: string | undefined;
  /** The repository that was cloned. */
  readonly url: string;
  /** For cloning it; undefined: none is sent. */
  readonly token: { readonly source: string; readonly value: string } | undefined;
  /** Empty directory of agentd's own. */
  readonly scratch: string;
}

export interface RebuildTools {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** The repository that is published from. */
export interface RebuiltWork {
  readonly directory: string;
  /** Commits that the session began with. */
  readonly known: readonly string[];
}

const FETCH_MS = 1_800_000;
const MEMORY_BYTES = 1_073_741_824;
/** What is in the record was bounded when it was exported; the server's objects are as large as they are. */
const MOST_BYTES = 2 ** 40;

/**
 * @throws AgentdError `publish_failed` when the server does not answer or no longer has what the session began with, or the
 * record's files do not fit to it; the signal's reason.
 */
export async function rebuildWork(work: RecordedWork, tools: RebuildTools): Promise<RebuiltWork> {
  const { summary, bundle, patch, scratch, sessionId } = work;
  const { environment, signal } = tools;
  const directory = join(scratch, "recorded.git");
  const first = summary.base ?? summary.head.commit ?? "";
  makeOwnRepository(directory, formatOfId(first), []);
  const git = new OwnGit({
    environment: gitEnvironment(environment, []),
    pace: new Pace(signal, FETCH_MS),
    memoryBytes: MEMORY_BYTES,
    bytes: MOST_BYTES,
  });
  const needed = [
    ...(summary.base === null ? [] : [summary.base]),
    ...(bundle === undefined ? [] : await prerequisitesOf(bundle)),
  ];
  await fetchKnown([...new Set(needed)], work, { directory, git, ...tools });
  try {
    if (bundle !== undefined) await git.run(["bundle", "unbundle", bundle], { repository: directory });
    if (summary.base !== null) await git.run(["read-tree", summary.base], { repository: directory });
    if (patch !== undefined)
      await git.run(["apply", "--cached", "--whitespace=nowarn", patch], { repository: directory });
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    throw new AgentdError("publish_failed", {
      tried: `rebuild the work of session ${sessionId}`,
      why: `git does not accept what its record has: ${sentence(error)}`,
      next: `Check the record with \`agentd audit verify ${sessionId}\`.`,
      cause: error,
    });
  }
  return { directory, known: needed };
}

/** Fetches every branch of the server, and by its id what none of them has any more. */
async function fetchKnown(
  needed: readonly string[],
  { url, token, scratch, sessionId }: RecordedWork,
  {
    directory,
    git,
    environment,
    signal,
  }: RebuildTools & { readonly directory: string; readonly git: OwnGit },
): Promise<void> {
  if (needed.length === 0) return;
  const remote = new Remote({
    url,
    token: parseRepositoryUrl(url).protocol.startsWith("http") ? token?.value : undefined,
    tokenSource: token?.source,
    repository: directory,
    scratch,
    git: createGit(environment),
    signal,
    deadlineMs: FETCH_MS,
  });
  await remote.fetch(["+refs/heads/*:refs/known/*"]);
  const missing: string[] = [];
  for (const id of needed) if (!(await hasCommit(git, directory, id))) missing.push(id);
  if (missing.length === 0) return;
  try {
    await remote.fetch(missing);
  } catch (error) {
    signal.throwIfAborted();
    throw new AgentdError("publish_failed", {
      tried: `publish the work of session ${sessionId}`,
      why: `${url} no longer has the commit ${missing.join(", ")} that the session began with (${sentence(error)})`,
      next: `Where a clone still has it, get the commits there with \`agentd apply ${sessionId}\` and push them by hand.`,
      cause: error,
    });
  }
}

/** The commits that a bundle builds on, from its header (gitformat-bundle(5)). */
async function prerequisitesOf(bundle: string): Promise<string[]> {
  const input = createReadStream(bundle, { encoding: "latin1" });
  const ids: string[] = [];
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line === "") break;
      const [, id] = /^-([0-9a-f]{40,64})\b/.exec(line) ?? [];
      if (id !== undefined) ids.push(id);
    }
  } finally {
    input.destroy();
  }
  return ids;
}
