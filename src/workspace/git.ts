/**
 * The only way to start git on the host.
 *
 * From any repository, git runs nothing: no hooks, no file system monitor, no filters (only a
 * configuration can define one, and those of system and user are ignored), no templates, only the protocols that the
 * caller names. It never asks: a question is an error.
 */
import { simpleGit } from "simple-git";
import type { TokenPipe } from "./token-pipe.ts";

/** The limits and rights of one run of git. */
export interface GitRun {
  /** Existing directory that git runs in; never one that a container can write. */
  readonly directory: string;
  /** The transports that may be used; none means that git stays on this host. */
  readonly protocols: readonly string[];
  /** The credential for a server that asks; undefined: none. */
  readonly token?: TokenPipe | undefined;
  /** Whether the failure's output has the headers of HTTP, too; git leaves credentials out of them. */
  readonly tracesHttp?: boolean | undefined;
  /** Ends git when it is aborted. */
  readonly signal: AbortSignal;
  /** Ends git after this time. */
  readonly deadlineMs: number;
}

/**
 * Runs git and resolves with its standard output. A command that prints nothing costs 50 ms more than it takes.
 *
 * @throws GitFailure when git fails, `DeadlineExceeded` past its deadline, the signal's reason when it is aborted.
 */
export type Git = (args: readonly string[], run: GitRun) => Promise<string>;

/** Git ran and failed, or could not be run. */
export class GitFailure extends Error {
  override readonly name = "GitFailure";
  /** What git wrote, in English in any language of the daemon. */
  readonly output: string;

  constructor(output: string) {
    super(`git failed: ${output.trim()}`);
    this.output = output;
  }
}

/** Git took longer than it was allowed to. */
export class DeadlineExceeded extends Error {
  override readonly name = "DeadlineExceeded";
  readonly deadlineMs: number;

  constructor(deadlineMs: number) {
    super(`git did not finish within ${deadlineMs} ms`);
    this.deadlineMs = deadlineMs;
  }
}

/** All that git gets of the daemon's environment, which holds the credentials of every profile. */
const PASSED_ON = [
  "PATH",
  "GIT_SSL_CAINFO",
  "SSL_CERT_FILE",
  "SSH_AUTH_SOCK",
  ...["http_proxy", "https_proxy", "all_proxy", "no_proxy"].flatMap((name) => [name, name.toUpperCase()]),
];

/** Settings, as words of a command line, with which git runs nothing that a repository names. */
export const HARMLESS_SETTINGS: readonly string[] = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "init.templateDir=",
  "submodule.recurse=false",
  // A server could have git ask any host that this one reaches; see redirects.ts.
  "http.followRedirects=false",
  "gc.auto=0",
  "maintenance.auto=false",
].flatMap((setting) => ["-c", setting]);

/** Each of simple-git's switches lets one of our own settings through; what others wrote only follows `--` or `=`. */
const OUR_OWN_SETTINGS = {
  allowUnsafeCredentialHelper: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeHooksPath: true,
  allowUnsafeSshCommand: true,
  allowUnsafeTemplateDir: true,
};

/**
 * Gives a clone the usual modes: under the daemon's own umask other users could read nothing. Git's words follow as
 * arguments, which the shell does not interpret.
 */
const WITH_USUAL_MODES = ["-c", 'umask 022 && exec "$@"', "sh"];

/** Exit code of `timeout` when the time was up. */
const TIME_IS_UP = 124;

/** The whole environment of a git on this host: some of the daemon's variables, and those that keep git to itself. */
export function gitEnvironment(
  daemonEnvironment: Readonly<Record<string, string | undefined>>,
  protocols: readonly string[],
): Record<string, string> {
  const passedOn = PASSED_ON.flatMap((name) => {
    const value = daemonEnvironment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(passedOn), ...fixedEnvironment(protocols) };
}

/** Makes the function that runs git, with the allowed part of the daemon's environment. */
export function createGit(daemonEnvironment: Readonly<Record<string, string | undefined>>): Git {
  return async (args, { directory, protocols, token, tracesHttp = false, signal, deadlineMs }) => {
    signal.throwIfAborted();
    await token?.fill();
    const environment: Record<string, string> = {
      ...gitEnvironment(daemonEnvironment, protocols),
      ...token?.environment,
      ...(tracesHttp ? { GIT_TRACE_CURL: "true", GIT_TRACE_CURL_NO_DATA: "1" } : {}),
    };
    let exitCode: number | undefined;
    const git = simpleGit({
      baseDir: directory,
      // simple-git signals only what it started. `timeout` passes the signal on to git's helpers, keeps a terminal's
      // Ctrl-C from them while the daemon drains, and ends them in time even when the daemon is dead.
      binary: "sh",
      abort: signal,
      allowEnvironment: Object.keys(environment),
      unsafe: OUR_OWN_SETTINGS,
      errors: (error, result) => {
        exitCode = result.exitCode;
        // By default a git that was ended by a signal, or failed without a word, counts as success.
        return error ?? (exitCode === 0 ? undefined : new Error("git was ended"));
      },
    });
    try {
      const limited = ["timeout", "-k", "5", String(deadlineMs / 1000), "git"];
      const command = [...WITH_USUAL_MODES, ...limited, ...HARMLESS_SETTINGS];
      return await git.env(environment).raw([...command, ...(token?.settings ?? []), ...args]);
    } catch (error) {
      signal.throwIfAborted();
      if (exitCode === TIME_IS_UP) throw new DeadlineExceeded(deadlineMs);
      const output = error instanceof Error ? error.message : String(error);
      throw new GitFailure(token?.redact(output) ?? output);
    }
  };
}

function fixedEnvironment(protocols: readonly string[]): Record<string, string> {
  return {
    HOME: "/nonexistent",
    LC_ALL: "C",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_SSH_COMMAND: "ssh -o BatchMode=yes -o ConnectTimeout=30",
    GIT_ALLOW_PROTOCOL: protocols.join(":"),
    // The head of a clone is read from its files.
    GIT_DEFAULT_REF_FORMAT: "files",
  };
}
