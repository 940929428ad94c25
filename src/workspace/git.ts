/**
 * The only way to start git on the host.
 *
 * From any repository, git runs nothing: no hooks, no file system monitor, no filters (only a
 * configuration can define one, and those of system and user are ignored), no templates, only the protocols that the
 * caller names. It never asks: a question is an error.
 */
import type { Readable } from "node:stream";
import { execa } from "execa";
import { exitAndOutput } from "../exit-and-output.ts";
import { endGroupWith } from "../process-group.ts";
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
 * Runs git and resolves with its standard output.
 *
 * @throws GitFailure when git fails, `DeadlineExceeded` past its deadline, the signal's reason when it is aborted.
 */
export type Git = (args: readonly string[], run: GitRun) => Promise<string>;

/** Git ran and failed, or could not be run. */
export class GitFailure extends Error {
  override readonly name = "GitFailure";
  /** What git wrote, in English in any language of the daemon. */
  readonly output: string;

  /** @param said what git wrote; empty: it was ended by a signal, or failed without a word. */
  constructor(said: string) {
    const output = said === "" ? "git was ended" : said;
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

/**
 * Gives a clone the usual modes: under the daemon's own umask other users could read nothing. Git's words follow as
 * arguments, which the shell does not interpret.
 */
const WITH_USUAL_MODES = ["-c", 'umask 022 && exec "$@"', "sh"];

/** Exit code of `timeout` when the time was up. */
const TIME_IS_UP = 124;
/** Messages and lists of refs, whose length a server decides. */
const MOST_OUTPUT_BYTES = 100 * 1024 * 1024;

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
    // `timeout` ends git and its helpers in time even when the daemon is dead, and keeps a terminal's Ctrl-C from them
    // while the daemon drains.
    const limited = ["timeout", "-k", "5", String(deadlineMs / 1000), "git"];
    const words = [
      ...WITH_USUAL_MODES,
      ...limited,
      ...HARMLESS_SETTINGS,
      ...(token?.settings ?? []),
      ...args,
    ];
    const { exitCode, stdout, stderr } = await runToItsEnd(words, directory, environment, signal);
    if (exitCode === 0) return stdout;
    signal.throwIfAborted();
    if (exitCode === TIME_IS_UP) throw new DeadlineExceeded(deadlineMs);
    const output = stdout + stderr;
    throw new GitFailure(token?.redact(output) ?? output);
  };
}

interface Ended {
  /** Undefined: a signal ended it, or it did not start. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  /** Or why it did not start. */
  readonly stderr: string;
}

async function runToItsEnd(
  words: readonly string[],
  directory: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Ended> {
  const child = execa("sh", words, {
    cwd: directory,
    env: environment,
    extendEnv: false,
    stdin: "ignore",
    buffer: false,
    detached: true,
    reject: false,
  });
  if (child.pid === undefined)
    return { exitCode: undefined, stdout: "", stderr: (await child).originalMessage ?? "" };
  const tooMuch = new AbortController();
  endGroupWith(child, AbortSignal.any([signal, tooMuch.signal]));
  const read = [child.stdout, child.stderr].map((stream) => chunksOf(stream, () => tooMuch.abort()));
  const exitCode = await exitAndOutput(child, [child.stdout, child.stderr]);
  if (tooMuch.signal.aborted)
    return { exitCode: undefined, stdout: "", stderr: `git wrote more than ${MOST_OUTPUT_BYTES} bytes` };
  const [stdout = "", stderr = ""] = read.map((chunks) => Buffer.concat(chunks).toString("utf8"));
  return { exitCode: exitCode ?? undefined, stdout, stderr };
}

/** What a stream says, as it comes. */
function chunksOf(stream: Readable, onTooMuch: () => void): readonly Buffer[] {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MOST_OUTPUT_BYTES) onTooMuch();
    else chunks.push(chunk);
  });
  return chunks;
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
