/** Opens a pull or merge request, or finds the open one of its branch: never a second one. */
import { AgentdError } from "../../errors.ts";
import { type ApiClient, ApiRefusal, MOST_TRIES, UnknownResult } from "./api-client.ts";
import type { Forge, NewRequest, OpenRequest } from "./forge.ts";

export interface OpenedRequest {
  readonly url: string;
  /** Whether there was one already. */
  readonly isFound: boolean;
  /** What an operator should know, as sentences. */
  readonly warnings: readonly string[];
}

export interface OpenOptions {
  readonly forge: Forge;
  readonly api: ApiClient;
  readonly request: NewRequest;
  readonly labels: readonly string[];
  /** The repository, for messages. */
  readonly repository: string;
  /** The variable that holds the token, for messages. */
  readonly tokenSource: string;
}

/** What forges answer where there is an open request for the branch already. */
const CONFLICTS = [409, 422];

/**
 * Finds or opens the request, and gives it its labels. A call whose result is unknown is not simply repeated: the request is
 * looked for first.
 *
 * @throws AgentdError `request_failed`; the signal's reason.
 */
export async function openRequest(options: OpenOptions): Promise<OpenedRequest> {
  const { request, repository, tokenSource } = options;
  try {
    const { opened, isFound } = await findOrOpen(options);
    return { url: opened.url, isFound, warnings: await label(options, opened) };
  } catch (error) {
    const isTheirs = error instanceof ApiRefusal || error instanceof UnknownResult;
    if (!isTheirs && !isFormFault(error)) throw error;
    throw new AgentdError("request_failed", {
      tried: `open a request for ${request.branch} in ${repository}`,
      why: isTheirs ? `the server says ${error.message}` : "the server's answer is not that of such a forge",
      next: nextOf(error, tokenSource),
      cause: error,
    });
  }
}

async function findOrOpen({ forge, api, request }: OpenOptions): Promise<{
  readonly opened: OpenRequest;
  readonly isFound: boolean;
}> {
  for (let tries = 1; ; tries += 1) {
    const found = await forge.find(request.branch);
    if (found !== undefined) return { opened: found, isFound: true };
    try {
      return { opened: await forge.open(request), isFound: false };
    } catch (error) {
      // Another one may have been opened meanwhile, by whomever.
      const isConflict = error instanceof ApiRefusal && CONFLICTS.includes(error.status);
      const mayBeThere = isConflict || error instanceof UnknownResult;
      if (!mayBeThere || tries === MOST_TRIES) throw error;
      if (isConflict) {
        const theirs = await forge.find(request.branch);
        if (theirs === undefined) throw error;
        return { opened: theirs, isFound: true };
      }
      await api.wait(tries, undefined, error.message);
    }
  }
}

/** A label that is refused is no failure: the request is open. */
async function label({ forge, labels }: OpenOptions, opened: OpenRequest): Promise<string[]> {
  const missing = labels.filter((each) => !opened.labels.includes(each));
  if (missing.length === 0) return [];
  try {
    const unknown = await forge.label(opened, missing);
    return unknown.length === 0
      ? []
      : [`The request has no label ${unknown.join(", ")}: the server has none of that name.`];
  } catch (error) {
    if (!(error instanceof ApiRefusal || error instanceof UnknownResult)) throw error;
    return [`The request has no label ${missing.join(", ")}: the server says ${error.message}.`];
  }
}

function isFormFault(error: unknown): boolean {
  return error instanceof Error && error.name === "ZodError";
}

function nextOf(error: unknown, tokenSource: string): string {
  const again = "The branch is there: open its request by hand.";
  if (!(error instanceof ApiRefusal))
    return `Check publish.request.forge and api_url, and that the server is up. ${again}`;
  if (error.status === 401 || error.status === 403)
    return `Check that the token which ${tokenSource} holds may open requests in this repository. ${again}`;
  if (error.status === 404)
    return `Check publish.request.api_url, the base branch, and what the token which ${tokenSource} holds may see. ${again}`;
  return `Check the base branch and the rules of the repository. ${again}`;
}
