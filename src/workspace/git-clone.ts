/** Runs `git clone`, at a ref, as one session may read the repository. */
import { AgentdError } from "../errors.ts";
import { saysRefIsMissing } from "./clone-failure.ts";
import { type Git, GitFailure, type GitRun } from "./git.ts";
import type { Repository, RepositoryProtocol } from "./repository-url.ts";
import type { Staging } from "./staging.ts";
import type { TokenPipe } from "./token-pipe.ts";

/** One session's access to a repository. */
export interface Access {
  readonly repository: Repository;
  readonly token: TokenPipe | undefined;
  readonly git: Git;
  readonly signal: AbortSignal;
  /** Of each run of git. */
  readonly deadlineMs: number;
}

export const FULL_COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;
export const SHORT_COMMIT = /^[0-9a-f]{7,39}$/i;

/** The transports of each kind of URL. */
export const ALLOWED_TRANSPORTS: Readonly<Record<RepositoryProtocol, readonly string[]>> = {
  https: ["https"],
  http: ["http"],
  git: ["git"],
  ssh: ["ssh"],
  file: ["file"],
};

/** A run of git that needs no server. */
export function onThisHost({ signal, deadlineMs }: Access, directory: string): GitRun {
  return { directory, protocols: [], signal, deadlineMs };
}

/** The form of a clone, beyond its place. */
export interface CloneForm {
  /** Git's settings, each as `name=value`. */
  readonly settings?: readonly string[] | undefined;
  /** Options of `git clone`. */
  readonly options: readonly string[];
}

/**
 * Runs `git clone` from the server.
 *
 * @param parent existing directory for git to run in.
 * @param target the new directory.
 * @throws GitFailure and what else `Git` throws.
 */
export async function runClone(
  access: Access,
  parent: string,
  target: string,
  { settings = [], options }: CloneForm,
): Promise<void> {
  const { repository, token, git } = access;
  const set = settings.flatMap((setting) => ["-c", setting]);
  // Through the transport even where the repository is local: links to its objects could be written through.
  const clone = ["clone", "--no-local", "--no-recurse-submodules", ...options];
  await git([...set, ...clone, "--", repository.url, target], {
    ...onThisHost(access, parent),
    protocols: ALLOWED_TRANSPORTS[repository.protocol],
    token,
  });
}

/** What to check out, and how to get it. */
export interface Checkout {
  /** Branch, tag or commit; null: the branch that the server's HEAD names. */
  readonly ref: string | null;
  /** A local repository whose objects the server need not send; the clone then depends on it. */
  readonly reference?: string | undefined;
}

/**
 * Makes a session's clone in `cloneDirectory`.
 *
 * @throws AgentdError `ref_not_found`; GitFailure and what else `Git` throws.
 */
export async function cloneAtRef(
  access: Access,
  { directory, cloneDirectory }: Pick<Staging, "directory" | "cloneDirectory">,
  { ref, reference }: Checkout,
): Promise<void> {
  const common = reference === undefined ? [] : [`--reference=${reference}`];
  // Without fsync: a session's clone need not survive a crash of the machine.
  const settings = ["core.fsync=none"];
  const run = (...more: string[]): Promise<void> =>
    runClone(access, directory, cloneDirectory, { settings, options: [...common, ...more] });

  if (ref === null) {
    await run();
    return;
  }
  if (!FULL_COMMIT.test(ref)) {
    try {
      await run(`--branch=${ref}`);
      return;
    } catch (error) {
      if (!saysRefIsMissing(error)) throw error;
      if (!SHORT_COMMIT.test(ref)) throw refNotFound(access.repository, ref, error);
    }
  }
  await run("--no-checkout");
  await checkOutCommit(access, cloneDirectory, ref);
}

async function checkOutCommit(access: Access, clone: string, commit: string): Promise<void> {
  const local = onThisHost(access, clone);
  if (!(await isReachable(access.git, local, commit)))
    throw refNotFound(access.repository, commit, undefined);
  await access.git(["checkout", "--detach", `${commit}^{commit}`, "--"], local);
}

/** A clone may hold more than the server shows: what a branch held before it was forced or deleted. */
async function isReachable(git: Git, run: GitRun, commit: string): Promise<boolean> {
  const containing = ["for-each-ref", "--count=1", `--contains=${commit}`, "refs/remotes", "refs/tags"];
  try {
    return (await git(containing, run)) !== "";
  } catch (error) {
    if (error instanceof GitFailure && /no such commit|malformed object name/i.test(error.output))
      return false;
    throw error;
  }
}

/** `ref_not_found`. */
export function refNotFound(repository: Repository, ref: string, cause: unknown): AgentdError {
  return new AgentdError("ref_not_found", {
    tried: `check out ${ref} of ${repository.url}`,
    why: "the repository has no such branch, tag or commit",
    next: "Check the spelling; a commit must be part of a branch or tag.",
    cause,
  });
}
