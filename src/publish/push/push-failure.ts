/** Turns git's output about a failed push into an error that an operator can act on. */
import { AgentdError } from "../../errors.ts";
import { failureReason } from "../../workspace/clone-failure.ts";
import { DeadlineExceeded, GitFailure } from "../../workspace/git.ts";
import { httpReason, httpStatus, serverWords } from "../../workspace/http-status.ts";
import type { Repository } from "../../workspace/repository-url.ts";

export interface PushAttempt {
  /** `ask`: which branches the server has. */
  readonly doing: "ask" | "push";
  readonly repository: Repository;
  /** Undefined when asking. */
  readonly branch: string | undefined;
  /** The variable with the token; undefined: none is configured. */
  readonly tokenSource: string | undefined;
}

/** A line of `git push --porcelain` for a ref that was not set. */
const REFUSED = /^!\t[^\t]*\t\[(?:remote )?rejected\] \((.*)\)$/m;
const WORDS_CHARACTERS = 300;

/** `publish_refused` or `publish_failed`; any error that is not git's, such as an abort, is returned as it is. */
export function pushFailure(attempt: PushAttempt, error: unknown): unknown {
  const { repository, branch } = attempt;
  const tried = branch === undefined ? `publish to ${repository.url}` : `push ${branch} to ${repository.url}`;
  // Of the clone's own rules: redirects, and tokens without https.
  if (error instanceof AgentdError) {
    const { why, next } = error;
    return new AgentdError("publish_failed", { tried, why, next, cause: error });
  }
  if (error instanceof DeadlineExceeded) {
    const why = `it took longer than ${Math.round(error.deadlineMs / 1000)} seconds`;
    const next = "Check the connection to the server, then try again.";
    return new AgentdError("publish_failed", { tried, why, next, cause: error });
  }
  if (!(error instanceof GitFailure)) return error;
  const { output } = error;
  const refused = refusal(output);
  if (refused !== undefined) return new AgentdError("publish_refused", { tried, ...refused, cause: error });
  const reason = authorization(attempt, output) ?? httpReason(repository, output) ?? failureReason(error);
  return new AgentdError("publish_failed", {
    tried,
    why: reason?.why ?? lastLine(output),
    next: reason?.next ?? "Try `git push` to this URL by hand, as the user that runs the daemon.",
    details: { url: repository.url, git: output.trim() },
    cause: error,
  });
}

interface Reason {
  readonly why: string;
  readonly next: string;
}

/** Why the server, or git on its behalf, did not set the branch. */
function refusal(output: string): Reason | undefined {
  const why = REFUSED.exec(output)?.[1];
  if (why === undefined) return undefined;
  if (/fetch first|non-fast-forward|stale info/i.test(why)) {
    return {
      why: "the branch has other commits on the server, and agentd never forces",
      next: "Merge or rename that branch on the server, or let the profile's branch have {session} in it. The commits are in the record: see `agentd apply`.",
    };
  }
  return {
    why: [`the server refuses it: ${why.slice(0, WORDS_CHARACTERS)}`, ...serverWords(output)].join("; "),
    next: "Check the rules of the server for this branch and for the token's user.",
  };
}

function authorization({ tokenSource, repository }: PushAttempt, output: string): Reason | undefined {
  const status = httpStatus(output);
  if (status !== 401 && status !== 403) return undefined;
  const said = serverWords(output).map((words) => `; ${words}`);
  const name = tokenSource === undefined ? undefined : `the token that ${tokenSource} holds`;
  if (name === undefined) {
    const next = "Set publish.token_source in the profile to the variable that holds a token.";
    return { why: `the server requires authentication to write (HTTP ${status})${said.join("")}`, next };
  }
  const why =
    status === 401
      ? `the server does not accept ${name}`
      : `the server does not let ${name} write to this repository`;
  const next =
    status === 401
      ? "It may have expired, or belong to another server: renew it, and run `agentd reload`."
      : `Give it the right to push to ${repository.url}.`;
  return { why: `${why} (HTTP ${status})${said.join("")}`, next };
}

function lastLine(output: string): string {
  const line = output.trim().split("\n").at(-1) ?? "";
  return line.replace(/^(fatal|error): /, "").slice(0, WORDS_CHARACTERS) || "git failed without a message";
}
