/** Clones a repository into a session's staging, where no container sees it. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AgentdError } from "../errors.ts";
import { isThere, readIfThere } from "../if-there.ts";
import { cloneFailure } from "./clone-failure.ts";
import type { Git } from "./git.ts";
import type { Access } from "./git-clone.ts";
import { findLeftAlone } from "./left-alone.ts";
import { cloneWithMirror } from "./mirrored-clone.ts";
import type { Mirrors } from "./mirrors.ts";
import { followingRedirects } from "./redirects.ts";
import { checkRef, parseRepositoryUrl, type Repository } from "./repository-url.ts";
import type { Staging } from "./staging.ts";
import { TokenPipe } from "./token-pipe.ts";

/** What to clone. */
export interface CloneSource {
  /** As `parseRepositoryUrl` accepts it. */
  readonly url: string;
  /** Branch, tag or commit; null: the branch that the server's HEAD names. */
  readonly ref: string | null;
  /** The password for an https server that asks for one; printable ASCII. Undefined: none is sent. */
  readonly token?: string | undefined;
}

export interface CloneOptions {
  readonly git: Git;
  readonly mirrors: Mirrors;
  readonly signal: AbortSignal;
  /** Default: half an hour. */
  readonly deadlineMs?: number | undefined;
}

export interface Clone {
  /** The commit that is checked out, as a full object id. */
  readonly commit: string;
  /** Warnings about a usable clone, as sentences for the operator. */
  readonly warnings: readonly string[];
}

const DEFAULT_DEADLINE_MS = 1_800_000;

/**
 * Makes a session's clone in `cloneDirectory`, ready to be delivered.
 *
 * @throws AgentdError `repository_invalid`, `ref_invalid`, `token_needs_https`, `clone_failed`, `ref_not_found`, or
 * `repository_reserved` when the repository has a `.runa` of its own; the signal's reason when it is aborted. The
 * staging is left to its owner to remove.
 */
export async function cloneInto(
  staging: Staging,
  source: CloneSource,
  { git, mirrors, signal, deadlineMs = DEFAULT_DEADLINE_MS }: CloneOptions,
): Promise<Clone> {
  const repository = parseRepositoryUrl(source.url);
  const ref = source.ref === null ? null : checkRef(source.ref);
  const token =
    source.token === undefined
      ? undefined
      : await TokenPipe.open(staging.directory, repository, source.token);
  const access: Access = { repository, token, git, signal, deadlineMs };
  try {
    const { result: warnings, movedTo } = await followingRedirects(access, staging.directory, (where) =>
      cloneWithMirror(staging, ref, where, mirrors),
    );
    if (movedTo !== undefined) warnings.push(`The server redirects to ${movedTo}: use that URL as repo.`);
    const commit = await readHead(staging.cloneDirectory, repository);
    await refuseReserved(staging.cloneDirectory, repository);
    warnings.push(...(await findLeftAlone(staging.cloneDirectory, access)));
    await excludeRuna(staging.cloneDirectory);
    return { commit, warnings };
  } catch (error) {
    throw cloneFailure(repository, error);
  } finally {
    await token?.close();
  }
}

/** The commit of HEAD, read from the files of a fresh clone: another git process would cost as much as the reading. */
export async function readHead(cloneDirectory: string, repository: Repository): Promise<string> {
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
    next: isEmpty ? "Push a first commit." : "Set ref to a branch, or fix HEAD on the server.",
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

/** The session's record is not part of the repository. */
async function excludeRuna(cloneDirectory: string): Promise<void> {
  const info = join(cloneDirectory, ".git", "info");
  await mkdir(info, { recursive: true });
  await writeFile(join(info, "exclude"), ".runa\n");
}
