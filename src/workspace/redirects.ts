/**
 * Redirects of a git server. Git follows none: a server could have it ask any host that this one reaches. agentd looks
 * where the server leads to, and goes there when that is the same host.
 */
import { AgentdError } from "../errors.ts";
import { redirectStatus } from "./clone-failure.ts";
import { GitFailure } from "./git.ts";
import { type Access, ALLOWED_TRANSPORTS, onThisHost } from "./git-clone.ts";
import { parseRepositoryUrl, redactRepository, type Repository, repositoryFault } from "./repository-url.ts";

/** More in a row are a circle. GitHub needs two: from http to https, and to a repository's new name. */
const MOST_REDIRECTS = 5;

/** The first path that git requests of a repository. */
const FIRST_REQUEST = "/info/refs";

/** The result of work with a repository, and the repository's URL. */
export interface Followed<T> {
  readonly result: T;
  /** The URL that the server redirects to; undefined where it did not redirect. */
  readonly movedTo: string | undefined;
}

/**
 * Does something with a repository; again with its new URL when the server redirects to one on the same host.
 *
 * @param directory of this user alone; git runs in it.
 * @param use what is done; may fail half-way, and clears up then.
 * @throws AgentdError `clone_failed` for a redirect that is not followed, and what `use` throws.
 */
export async function followingRedirects<T>(
  access: Access,
  directory: string,
  use: (access: Access) => Promise<T>,
): Promise<Followed<T>> {
  let { repository } = access;
  for (let redirects = 0; ; redirects += 1) {
    try {
      const result = await use({ ...access, repository });
      return { result, movedTo: redirects === 0 ? undefined : repository.url };
    } catch (error) {
      if (!(error instanceof GitFailure) || redirectStatus(error) === undefined) throw error;
      const location = await askLocation({ ...access, repository }, directory);
      if (location === undefined) throw error;
      if (redirects === MOST_REDIRECTS) throw refused(repository, location, "in a circle", error);
      repository = nextRepository(repository, location, error);
    }
  }
}

/** Where the server of a repository redirects to, in its own words; undefined when it does not say. */
async function askLocation(access: Access, directory: string): Promise<string | undefined> {
  const { git, repository, token } = access;
  try {
    await git(["ls-remote", "--", repository.url, "HEAD"], {
      ...onThisHost(access, directory),
      ...{ protocols: ALLOWED_TRANSPORTS[repository.protocol], token, tracesHttp: true },
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof GitFailure)) throw error;
    return [...error.output.matchAll(/<= Recv header: location:\s*(\S+)/gi)].at(-1)?.[1];
  }
}

/** Where a redirect leads to. */
export type Target =
  | { readonly kind: "repository"; readonly url: string }
  | { readonly kind: "other_host" | "no_repository"; readonly url: string };

/**
 * Reads a redirect of git's first request. The same host is the same scheme, host and port; from http to https, both on
 * their usual ports, is the same host, too.
 *
 * @param url of the repository that was asked for.
 * @param location as the server sent it.
 */
export function redirectTarget(url: string, location: string): Target {
  const asked = new URL(`${url.replace(/\/+$/, "")}${FIRST_REQUEST}`);
  if (!URL.canParse(location, asked.href)) return { kind: "no_repository", url: redactRepository(location) };
  const target = new URL(location, asked);
  const found = `${target.protocol}//${target.host}${target.pathname}`;
  if (!isSameHost(asked, target)) return { kind: "other_host", url: withoutRequest(found) };
  const next = withoutRequest(found);
  const isRepository = found.endsWith(FIRST_REQUEST) && repositoryFault(next) === undefined;
  return { kind: isRepository ? "repository" : "no_repository", url: next };
}

function isSameHost(asked: URL, target: URL): boolean {
  if (asked.origin === target.origin) return true;
  const usualPorts = asked.port === "" && target.port === "";
  const isSafer = asked.protocol === "http:" && target.protocol === "https:";
  return usualPorts && isSafer && asked.hostname === target.hostname;
}

function withoutRequest(url: string): string {
  return url.endsWith(FIRST_REQUEST) ? url.slice(0, -FIRST_REQUEST.length) : url;
}

function nextRepository(repository: Repository, location: string, cause: unknown): Repository {
  const { kind, url } = redirectTarget(repository.url, location);
  if (kind === "repository") return parseRepositoryUrl(url);
  const what = kind === "other_host" ? "on another host" : "which is not a repository";
  throw refused(repository, url, what, cause);
}

function refused(repository: Repository, target: string, what: string, cause: unknown): AgentdError {
  const isElsewhere = what === "on another host";
  return new AgentdError("clone_failed", {
    tried: `clone ${repository.url}`,
    why: `the server redirects to ${target.slice(0, 500)}, ${what}`,
    next: isElsewhere
      ? "If the repository is there, use that URL: agentd follows redirects on the same host only."
      : "Check the URL. Servers redirect to a sign-in page when a repository needs a token: see repo_token_source.",
    details: { url: repository.url, redirects_to: target.slice(0, 500) },
    cause,
  });
}
