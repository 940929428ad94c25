/** The pull or merge request for a branch that is published. */
import { setTimeout as delay } from "node:timers/promises";
import { AgentdError } from "../errors.ts";
import { connectTo } from "../http-connections.ts";
import { parseRepositoryUrl } from "../workspace/repository-url.ts";
import { ApiClient } from "./forges/api-client.ts";
import { authorizationOf, defaultApiUrl, type Forge, type ForgeName, projectPath } from "./forges/forge.ts";
import { gitea } from "./forges/gitea.ts";
import { github, GITHUB_HEADERS } from "./forges/github.ts";
import { gitlab } from "./forges/gitlab.ts";
import { openRequest } from "./forges/open-request.ts";
import type { RemoteBranches } from "./push/remote.ts";
import { requestBody, requestTitle } from "./rules/request-text.ts";
import type { Publication, RequestSettings } from "./settings.ts";

export interface RequestTools {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Of agentd. */
  readonly version: string;
  readonly signal: AbortSignal;
  /** How waits pass. Default: with time. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
}

export interface PublishedBranch {
  readonly publication: Publication;
  readonly settings: RequestSettings;
  /** Of the repository. */
  readonly url: string;
  readonly branch: string;
  readonly commit: string;
  /** Of that commit. */
  readonly subject: string;
  readonly branches: RemoteBranches;
  readonly hasRest: boolean;
}

export interface SentRequest {
  readonly requestUrl: string | null;
  readonly requestFailure: AgentdError | undefined;
  readonly warnings: readonly string[];
}

/** Opens or finds the request. A failure is part of the result: the branch is there. @throws the signal's reason. */
export async function sendRequest(published: PublishedBranch, tools: RequestTools): Promise<SentRequest> {
  try {
    const { url, warnings } = await send(published, tools);
    return { requestUrl: url, requestFailure: undefined, warnings };
  } catch (error) {
    tools.signal.throwIfAborted();
    if (!(error instanceof AgentdError)) throw error;
    return { requestUrl: null, requestFailure: error, warnings: [] };
  }
}

async function send(
  { publication, settings, url, branch, commit, subject, branches, hasRest }: PublishedBranch,
  { environment, now, version, signal, sleep = sleepFor }: RequestTools,
): Promise<{ readonly url: string; readonly warnings: readonly string[] }> {
  const { session, work, token } = publication;
  const refuse = (why: string, next: string): AgentdError =>
    new AgentdError("request_failed", { tried: `open a request for ${branch} in ${url}`, why, next });
  if (token === undefined)
    throw refuse("no token is configured for it", "Set publish.token_source in the profile.");
  const project = projectPath(url);
  const { host } = parseRepositoryUrl(url);
  if (project === undefined || host === undefined)
    throw refuse(
      "its URL is not that of a repository on such a server",
      "Set publish.remote to its URL there.",
    );
  const { ref } = session.repository;
  const cloned = ref !== null && (ref === branch || branches.ids.has(ref)) ? ref : undefined;
  const base = settings.base ?? cloned ?? branches.default;
  if (base === undefined || base === branch)
    throw refuse(
      base === undefined ? "the server names no default branch" : "the branch would be merged into itself",
      "Set publish.request.base in the profile.",
    );
  const dispatcher = await connectTo(environment);
  try {
    const api = new ApiClient({
      baseUrl: (settings.apiUrl ?? defaultApiUrl(settings.forge, withoutPort(url, host))).replace(/\/+$/, ""),
      headers: {
        accept: "application/json",
        "user-agent": `agentd/${version}`,
        authorization: authorizationOf(settings.forge, token.value),
        ...(settings.forge === "github" ? GITHUB_HEADERS : {}),
      },
      secret: token.value,
      ...{ dispatcher, now, sleep, signal },
    });
    const about = { ...session, subject };
    return await openRequest({
      forge: FORGE_OF[settings.forge](api, project),
      api,
      request: {
        branch,
        base,
        title: requestTitle(settings.title, about),
        body: requestBody({
          ...about,
          repository: url,
          base: work.summary.base ?? base,
          ...{ commit, hasRest },
          ...{ summary: work.summary, summaryDigest: work.summaryDigest, statement: work.statement },
        }),
        isDraft: settings.draft,
      },
      labels: settings.labels,
      repository: url,
      tokenSource: token.source,
    });
  } finally {
    await dispatcher.destroy();
  }
}

const FORGE_OF: Readonly<Record<ForgeName, (api: ApiClient, project: string) => Forge>> = {
  github,
  gitlab,
  gitea,
};

/** A port of ssh is not that of the API. */
function withoutPort(url: string, host: string): string {
  return /^https:/.test(url) ? host : host.replace(/:\d+$/, "");
}

async function sleepFor(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
}
