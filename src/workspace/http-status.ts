/** The meaning of a git server's HTTP status for an operator. */
import { STATUS_CODES } from "node:http";
import type { Repository } from "./repository-url.ts";

/** Bounds what a server can put into an error. */
const MOST_WORDS = 300;

/** The status with which the server refused git, from git's output; undefined where git failed otherwise. */
export function httpStatus(output: string): number | undefined {
  const [, status] = /(?:returned error:|RPC failed; HTTP) (\d{3})\b/i.exec(output) ?? [];
  if (status !== undefined) return Number(status);
  // Git has words of its own for these two.
  if (/could not read (username|password) for 'https?:|authentication failed for 'https?:/i.test(output))
    return 401;
  if (/repository 'https?:.*' not found/i.test(output)) return 404;
  return undefined;
}

/** Why the server refused, with git's words and the server's, and what to do; undefined where git failed otherwise. */
export function httpReason(
  repository: Repository,
  output: string,
): { readonly why: string; readonly next: string } | undefined {
  const status = httpStatus(output);
  if (status === undefined) return undefined;
  const { what, next } = meaning(status, repository, output);
  const name = STATUS_CODES[status];
  const words = [`git says: ${gitWords(output)}`, ...serverWords(output)].join("; ");
  return { why: `${what} (HTTP ${status}${name === undefined ? "" : ` ${name}`}); ${words}`, next };
}

interface Meaning {
  readonly what: string;
  readonly next: string;
}

function meaning(status: number, { protocol }: Repository, output: string): Meaning {
  if (status === 401) return unauthorized(protocol, output);
  if (status === 403) {
    return {
      what: "the server refuses access",
      next: "Check that the token which repo_token_source names may read this repository, and that the server does not limit this host.",
    };
  }
  if (status === 404) {
    return {
      what: "the server reports no such repository",
      next:
        "Check the spelling of the URL. Servers give the same answer for a private repository without a token: " +
        "set repo_token_source, or check what its token may read.",
    };
  }
  if (status === 429) return { what: "the server limits requests", next: "Try again later." };
  if (status >= 500) {
    return {
      what: "the server failed",
      next: "The problem is on the server: try again later, or ask its operator.",
    };
  }
  return {
    what: status < 400 ? "the server redirects without a target" : "the server refuses the request",
    next: "Check the URL of the repository, and this host's proxy, if it has one.",
  };
}

function unauthorized(protocol: Repository["protocol"], output: string): Meaning {
  if (/authentication failed/i.test(output)) {
    return {
      what: "the server does not accept the token",
      next: "Check the token that repo_token_source names: it may have expired or belong to another server.",
    };
  }
  const next = "Set repo_token_source in the profile to the variable that holds a token for this repository";
  return {
    what: "the server requires authentication",
    next: protocol === "https" ? `${next}.` : `${next}, and use its https:// URL.`,
  };
}

function gitWords(output: string): string {
  const lines = output.trim().split("\n");
  const line = lines.findLast((each) => each.startsWith("fatal: ")) ?? lines.at(-1) ?? "";
  return line.replace(/^(fatal|error): /, "").slice(0, MOST_WORDS);
}

/** The server's text, which git marks as the remote's, with whose it is; none where it said nothing. */
export function serverWords(output: string): string[] {
  const lines = output.split("\n").flatMap((line) => /^remote: *(.*\S)\s*$/.exec(line)?.[1] ?? []);
  const words = lines.join(" ").slice(0, MOST_WORDS);
  return words === "" ? [] : [`the server says: ${words}`];
}
