/** Takes the files of a repository's commit, for a session whose home gets some of them. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { removeTree } from "../trees/remove-tree.ts";
import { type Clone, type CloneOptions, type CloneSource, readHead } from "./clone.ts";
import { cloneFailure } from "./clone-failure.ts";
import type { Access } from "./git-clone.ts";
import { findLeftAlone } from "./left-alone.ts";
import { cloneWithMirror } from "./mirrored-clone.ts";
import { followingRedirects } from "./redirects.ts";
import { checkRef, parseRepositoryUrl } from "./repository-url.ts";
import { Staging } from "./staging.ts";
import { TokenPipe } from "./token-pipe.ts";

/** Like the clone of a session, it borrows from the repository's mirror, and it is bounded by time. */
const DEADLINE_MS = 600_000;

export interface FetchedSource extends Clone {
  /** The files of the commit, without git's own. No container sees the directory. */
  readonly directory: string;
}

/**
 * Fetches a repository into a session's staging.
 *
 * @param name of its place there; no other fetch of the session has it.
 * @throws AgentdError as `cloneInto` does, except `repository_reserved`; the signal's reason when it is aborted.
 */
export async function fetchSource(
  { directory }: Pick<Staging, "directory">,
  name: string,
  source: CloneSource,
  { git, mirrors, signal, deadlineMs = DEADLINE_MS }: CloneOptions,
): Promise<FetchedSource> {
  const repository = parseRepositoryUrl(source.url);
  const ref = source.ref === null ? null : checkRef(source.ref);
  const place = new Staging(join(directory, "sources"), name);
  await mkdir(place.directory, { recursive: true, mode: 0o700 });
  const token =
    source.token === undefined ? undefined : await TokenPipe.open(place.directory, repository, source.token);
  const access: Access = { repository, token, git, signal, deadlineMs };
  try {
    const { result: warnings, movedTo } = await followingRedirects(access, place.directory, (where) =>
      cloneWithMirror(place, ref, where, mirrors),
    );
    if (movedTo !== undefined) warnings.push(`The server redirects to ${movedTo}: use that URL.`);
    const commit = await readHead(place.cloneDirectory, repository);
    warnings.push(...(await findLeftAlone(place.cloneDirectory, access)));
    await removeTree(join(place.cloneDirectory, ".git"));
    return {
      directory: place.cloneDirectory,
      commit,
      warnings: warnings.map((warning) => `${repository.url}: ${warning}`),
    };
  } catch (error) {
    throw cloneFailure(repository, error);
  } finally {
    await token?.close();
  }
}
