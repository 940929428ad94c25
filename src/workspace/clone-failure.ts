/** Turns git's output about a failed clone into an error that an operator can act on. */
import { AgentdError } from "../errors.ts";
import { DeadlineExceeded, GitFailure } from "./git.ts";
import { httpReason, httpStatus } from "./http-status.ts";
import type { Repository } from "./repository-url.ts";

interface Reason {
  readonly says: RegExp;
  readonly why: string;
  readonly next: string;
}

/** Also what is left to say when git's own side of the connection broke. */
const CONNECTION_BROKE: Reason = {
  says: /could not read from remote|hung up|early eof|rpc failed|connection (was )?reset|broken pipe|disconnect/i,
  why: "the connection to the server broke",
  next: "Try again; if it fails again, check the server's log.",
};

/** The first that matches the output of git, curl or ssh. */
const REASONS: readonly Reason[] = [
  {
    says: /could not resolve host|unable to look up|could not resolve proxy|temporary failure in name resolution/i,
    why: "the host was not found",
    next: "Check the host in the URL, and name resolution on this machine.",
  },
  {
    says: /connection refused|timed out|timeout was reached|no route to host|unreachable|failed to connect|couldn't connect/i,
    why: "nothing answers at that host and port",
    next: "Check the host and port in the URL, that the server is up, and this machine's network, firewall and proxy.",
  },
  {
    says: /remote host identification has changed/i,
    why: "the server's ssh host key differs from the known one",
    next: "Ask the server's operator whether its key is new; if so, replace it in ~/.ssh/known_hosts of the user that runs the daemon.",
  },
  {
    says: /host key verification failed/i,
    why: "the server's ssh host key is not known to this user",
    next: "Add it to ~/.ssh/known_hosts of the user that runs the daemon, for example by connecting once by hand.",
  },
  {
    says: /permission denied/i,
    why: "the server requires authentication, or does not let this user read the repository",
    next: "Check the URL, and for ssh:// the key or agent of the user that runs the daemon.",
  },
  {
    says: /certificate|ssl_error|tls connect error|ssl connect error/i,
    why: "the server's TLS certificate was not accepted",
    next: "Check the host in the URL; for your own CA, set GIT_SSL_CAINFO in the daemon's environment.",
  },
  {
    says: /detected dubious ownership/i,
    why: "the repository belongs to another user of this host",
    next: "Change its owner to the user that runs the daemon, or serve it over http or ssh.",
  },
  {
    says: /not found|does not exist|does not appear to be a git repository|not a git repository|not valid: is this a git/i,
    why: "there is no git repository at this URL",
    next: "Check the spelling of the URL.",
  },
  {
    says: /no space left on device|disk quota exceeded/i,
    why: "there is no space left on the disk of the cache directory",
    next: "Free space there, or set XDG_CACHE_HOME to a larger disk.",
  },
  {
    says: /enoent|failed to run command|cannot run/i,
    why: "git, ssh or timeout could not be started",
    next: "Install git, openssh-client and coreutils on this host, in the PATH of the daemon.",
  },
  CONNECTION_BROKE,
];

/** The error for a clone that failed; any error that is not git's, such as an abort, is returned as it is. */
export function cloneFailure(repository: Repository, error: unknown): unknown {
  const tried = `clone ${repository.url}`;
  if (error instanceof DeadlineExceeded) {
    return new AgentdError("clone_failed", {
      tried,
      why: `it took longer than ${Math.round(error.deadlineMs / 1000)} seconds`,
      next: "Check the connection to the server, then try again.",
      cause: error,
    });
  }
  if (!(error instanceof GitFailure)) return error;
  const reason = httpReason(repository, error.output) ?? reasonFor(error);
  return new AgentdError("clone_failed", {
    tried,
    why: reason?.why ?? lastLine(error.output),
    next: reason?.next ?? "Try `git clone` with this URL by hand, as the user that runs the daemon.",
    details: { url: repository.url, git: error.output.trim() },
    cause: error,
  });
}

/** Whether the cause of git's failure is known: the server, the way to it or this host. */
export function isExplained(failure: GitFailure): boolean {
  return httpStatus(failure.output) !== undefined || reasonFor(failure) !== undefined;
}

/** Whether all that is known is that the connection broke, or that the server failed. */
export function saysConnectionBroke(failure: GitFailure): boolean {
  const status = httpStatus(failure.output);
  return status === undefined ? reasonFor(failure) === CONNECTION_BROKE : status >= 500;
}

/** The HTTP status of a redirect on which git failed; undefined where it failed otherwise. */
export function redirectStatus({ output }: GitFailure): number | undefined {
  const status = httpStatus(output);
  return status !== undefined && status >= 300 && status < 400 ? status : undefined;
}

/** Whether git says that the server has no branch or tag of that name. */
export function saysRefIsMissing(error: unknown): boolean {
  return error instanceof GitFailure && /remote branch .* not found in upstream/i.test(error.output);
}

/** Why git failed, in words, where that is known. */
export function failureReason(
  failure: GitFailure,
): { readonly why: string; readonly next: string } | undefined {
  return reasonFor(failure);
}

function reasonFor({ output }: GitFailure): Reason | undefined {
  return REASONS.find(({ says }) => says.test(output));
}

function lastLine(output: string): string {
  const line = output.trim().split("\n").at(-1) ?? "";
  return line.replace(/^(fatal|error): /, "") || "git failed without a message";
}
