/** Publishes the work of a session, with the token and the identity of its profile. */
import { AgentdError } from "../errors.ts";
import type { PublishedJob, PublishedWork, PublishOptions } from "../sessions/port/publication.ts";
import { authorOf } from "./git-identity.ts";
import type { LocalParts } from "./parts.ts";

/** @throws as `Executor.publishWork`. */
export async function publish(
  { workspaces, credentials, hostName }: Pick<LocalParts, "workspaces" | "credentials" | "hostName">,
  job: PublishedJob,
  options: PublishOptions,
): Promise<PublishedWork> {
  const { profile, sessionId } = job;
  const source = tokenSource(job);
  const token = source === undefined ? undefined : { source, value: credentials.resolveToken(source) };
  const author = authorOf(profile, hostName);
  return await workspaces.publishWork(sessionId, { ...options, job, author, token });
}

/**
 * The variable with the token, if one is configured. A profile's token is for the host of its own repository: a run that
 * names another one is published with none.
 *
 * @throws AgentdError `publish_refused` for such a run.
 */
export function tokenSource({
  profile: { publish: settings, repoTokenSource, repo },
  repository,
  sessionId,
}: Pick<PublishedJob, "profile" | "repository" | "sessionId">): string | undefined {
  const source = settings?.tokenSource ?? repoTokenSource;
  if (source === undefined || settings?.remote !== undefined || repo === undefined || repository === null)
    return source;
  if (hostOf(repo) === hostOf(repository.url)) return source;
  throw new AgentdError("publish_refused", {
    tried: `publish the work of session ${sessionId} to ${repository.url}`,
    why: `it is on another host than the profile's repo, and ${source} holds a token for that one`,
    next: "Set publish.remote in the profile, or use a profile for that repository.",
  });
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined;
}
