/** Sends a repository's server the first request of a clone, and fetches nothing. */
import type { CloneSource } from "./clone.ts";
import { cloneFailure } from "./clone-failure.ts";
import type { Git, GitRun } from "./git.ts";
import { type Access, ALLOWED_TRANSPORTS, FULL_COMMIT, refNotFound, SHORT_COMMIT } from "./git-clone.ts";
import { followingRedirects } from "./redirects.ts";
import { checkRef, parseRepositoryUrl } from "./repository-url.ts";
import { TokenPipe } from "./token-pipe.ts";

/**
 * Resolves when the server shows the repository to a client with the token, with the ref if one is named. It does not
 * look for a commit.
 *
 * @param directory of this user alone; git runs in it, and the token's pipe is in it meanwhile.
 * @returns the URL that the server redirects to; undefined where it does not redirect.
 * @throws AgentdError as `cloneInto` does.
 */
export async function reachRepository(
  source: CloneSource,
  git: Git,
  { directory, signal, deadlineMs }: Pick<GitRun, "directory" | "signal" | "deadlineMs">,
): Promise<string | undefined> {
  const repository = parseRepositoryUrl(source.url);
  const ref = source.ref === null ? null : checkRef(source.ref);
  const token =
    source.token === undefined ? undefined : await TokenPipe.open(directory, repository, source.token);
  const wanted = ref === null ? ["HEAD"] : [`refs/heads/${ref}`, `refs/tags/${ref}`];
  try {
    const access: Access = { repository, token, git, signal, deadlineMs };
    const { result: shown, movedTo } = await followingRedirects(access, directory, (where) =>
      git(["ls-remote", "--", where.repository.url, ...wanted], {
        ...{ directory, signal, deadlineMs, token },
        protocols: ALLOWED_TRANSPORTS[where.repository.protocol],
      }),
    );
    const mayBeCommit = ref !== null && (FULL_COMMIT.test(ref) || SHORT_COMMIT.test(ref));
    if (ref !== null && shown === "" && !mayBeCommit) throw refNotFound(repository, ref, undefined);
    return movedTo;
  } catch (error) {
    throw cloneFailure(repository, error);
  } finally {
    await token?.close();
  }
}
