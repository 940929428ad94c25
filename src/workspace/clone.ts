/** Clones a repository into a session's staging, and moves the clone to where the container sees it. */
import { lstat, mkdir, readdir, readFile, rename, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AgentdError, systemCode } from "../errors.ts";
import { cloneFailure, saysRefIsMissing } from "./clone-failure.ts";
import { GitFailure, type Git } from "./git.ts";
import { checkRef, parseRepositoryUrl, type Repository, type RepositoryProtocol } from "./repository-url.ts";
import type { Staging } from "./staging.ts";

/** What to clone. */
export interface CloneSource {
  /** As `parseRepositoryUrl` accepts it. */
  readonly url: string;
  /** Branch, tag or commit; null: the branch that the server's HEAD names. */
  readonly ref: string | null;
}

export interface CloneOptions {
  readonly git: Git;
  readonly signal: AbortSignal;
  /** Default: half an hour. */
  readonly deadlineMs?: number | undefined;
}

export interface Clone {
  /** The commit that is checked out, as a full object id. */
  readonly commit: string;
  /** What an operator should know though the clone is usable, as sentences. */
  readonly warnings: readonly string[];
}

const DEFAULT_DEADLINE_MS = 1_800_000;
const FULL_COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;
const SHORT_COMMIT = /^[0-9a-f]{7,39}$/i;

/** The transports of each kind of URL: a redirect may make it safer, nothing else. */
const ALLOWED_TRANSPORTS: Readonly<Record<RepositoryProtocol, readonly string[]>> = {
  https: ["https"],
  http: ["http", "https"],
  git: ["git"],
  ssh: ["ssh"],
  file: ["file"],
};

/**
 * Clones into `cloneDirectory`, which no container sees, and then moves the clone to `repoDirectory`, entry by entry
 * because that one is mounted already. From then on host git must not run in it: a container writes there.
 *
 * @throws AgentdError `repository_invalid`, `ref_invalid`, `clone_failed`, `ref_not_found`, or `repository_reserved`
 * when the repository has a `.runa` of its own; the signal's reason when it is aborted. The staging is left to its
 * owner to remove.
 */
export async function cloneInto(
  staging: Staging,
  source: CloneSource,
  options: CloneOptions,
): Promise<Clone> {
  const repository = parseRepositoryUrl(source.url);
  if (source.ref === null) await runClone(staging, repository, [], options);
  else await cloneAtRef(staging, repository, checkRef(source.ref), options);
  const [commit, warnings] = await Promise.all([
    readHead(staging.cloneDirectory, repository),
    findLeftAlone(staging.cloneDirectory),
    refuseReserved(staging.cloneDirectory, repository),
  ]);
  await excludeRuna(staging.cloneDirectory);
  await moveEntries(staging.cloneDirectory, staging.repoDirectory, repository);
  return { commit, warnings };
}

async function cloneAtRef(
  staging: Staging,
  repository: Repository,
  ref: string,
  options: CloneOptions,
): Promise<void> {
  if (FULL_COMMIT.test(ref)) {
    await cloneAtCommit(staging, repository, ref, options);
    return;
  }
  try {
    await runClone(staging, repository, [`--branch=${ref}`], options);
  } catch (error) {
    if (!(error instanceof AgentdError) || !saysRefIsMissing(error.cause)) throw error;
    if (!SHORT_COMMIT.test(ref)) throw refNotFound(repository, ref, error.cause);
    await cloneAtCommit(staging, repository, ref, options);
  }
}

async function cloneAtCommit(
  staging: Staging,
  repository: Repository,
  commit: string,
  options: CloneOptions,
): Promise<void> {
  await runClone(staging, repository, ["--no-checkout"], options);
  try {
    await options.git(["checkout", "--detach", `${commit}^{commit}`, "--"], {
      directory: staging.cloneDirectory,
      protocols: [],
      signal: options.signal,
      deadlineMs: options.deadlineMs ?? DEFAULT_DEADLINE_MS,
    });
  } catch (error) {
    throw isUnknownCommit(error) ? refNotFound(repository, commit, error) : cloneFailure(repository, error);
  }
}

async function runClone(
  staging: Staging,
  repository: Repository,
  extra: readonly string[],
  { git, signal, deadlineMs = DEFAULT_DEADLINE_MS }: CloneOptions,
): Promise<void> {
  // Through the transport even where the repository is local: links to its objects could be written through.
  const args = ["clone", "--no-local", "--no-recurse-submodules", ...extra];
  try {
    await git([...args, "--", repository.url, staging.cloneDirectory], {
      directory: staging.directory,
      protocols: ALLOWED_TRANSPORTS[repository.protocol],
      signal,
      deadlineMs,
    });
  } catch (error) {
    throw cloneFailure(repository, error);
  }
}

/** The commit of HEAD, read from the files of a fresh clone: another git process would cost as much as the reading. */
async function readHead(cloneDirectory: string, repository: Repository): Promise<string> {
  const gitDirectory = join(cloneDirectory, ".git");
  const head = (await readFile(join(gitDirectory, "HEAD"), "utf8")).trim();
  if (!head.startsWith("ref: ")) return head;
  const branch = head.slice("ref: ".length);
  const commit = await readIfThere(join(gitDirectory, branch));
  if (commit !== undefined) return commit.trim();
  const isEmpty = (await readIfThere(join(gitDirectory, "packed-refs"))) === undefined;
  throw new AgentdError("clone_failed", {
    tried: `clone ${repository.url}`,
    why: isEmpty
      ? "the repository is empty"
      : `the server's default branch ${branch.replace("refs/heads/", "")} does not exist`,
    next: isEmpty ? "Push a first commit." : "Name a branch with ref, or correct HEAD on the server.",
  });
}

async function refuseReserved(cloneDirectory: string, repository: Repository): Promise<void> {
  if (!(await isThere(join(cloneDirectory, ".runa")))) return;
  throw new AgentdError("repository_reserved", {
    tried: `use the clone of ${repository.url}`,
    why: "the repository has an entry .runa at its root, where agentd mounts the session's record",
    next: "Remove or rename it in the repository, or check out a ref without it.",
  });
}

/** Submodules and LFS would have the host fetch and run what a repository names. */
async function findLeftAlone(cloneDirectory: string): Promise<string[]> {
  const warnings: string[] = [];
  if (await isThere(join(cloneDirectory, ".gitmodules"))) {
    warnings.push("The repository has submodules; they were left alone.");
  }
  if (await usesLfs(join(cloneDirectory, ".gitattributes"))) {
    warnings.push("The repository keeps files in Git LFS; they were left as pointers.");
  }
  return warnings;
}

async function usesLfs(attributesFile: string): Promise<boolean> {
  const isFile = await lstat(attributesFile).then(
    (stats) => stats.isFile(),
    () => false,
  );
  return isFile && /\bfilter=lfs\b/.test(await readFile(attributesFile, "utf8"));
}

/** The session's record is not part of the repository. */
async function excludeRuna(cloneDirectory: string): Promise<void> {
  const info = join(cloneDirectory, ".git", "info");
  await mkdir(info, { recursive: true });
  await writeFile(join(info, "exclude"), ".runa\n");
}

/** Names are bytes: a repository may hold some that are not UTF-8. */
async function moveEntries(from: string, to: string, repository: Repository): Promise<void> {
  const entries = await readdir(from, { encoding: "buffer" });
  try {
    const moves = await Promise.allSettled(
      entries.map((entry) => rename(below(from, entry), below(to, entry))),
    );
    const failed = moves.find((move) => move.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    await rmdir(from);
  } catch (cause) {
    throw new AgentdError("clone_failed", {
      tried: `move the clone of ${repository.url} into the session's workspace`,
      why: `something else is in its place there (${systemCode(cause) ?? String(cause)})`,
      next: "Check what the image's /bin/sh does: nothing may write to the workspace before the command starts.",
      cause,
    });
  }
}

function below(directory: string, entry: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), entry]);
}

function isUnknownCommit(error: unknown): boolean {
  return (
    error instanceof GitFailure &&
    /not a tree|invalid reference|unknown revision|did not match|unable to read/i.test(error.output)
  );
}

function refNotFound(repository: Repository, ref: string, cause: unknown): AgentdError {
  return new AgentdError("ref_not_found", {
    tried: `check out ${ref} of ${repository.url}`,
    why: "the repository has no such branch, tag or commit",
    next: "Check the spelling; a commit must be part of a branch or tag.",
    cause,
  });
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    (error: unknown) => {
      if (systemCode(error) === "ENOENT") return false;
      throw error;
    },
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  });
}
