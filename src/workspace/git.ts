/**
 * The only way to start git on the host.
 *
 * From any repository, git runs nothing: no hooks, no file system monitor, no filters (only a
 * configuration can define one, and those of system and user are ignored), no templates, only the protocols that the
 * caller names. It never asks: a question is an error.
 */
import { once } from "node:events";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { execa } from "execa";
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

/**
 * Gives a clone the usual modes: under the daemon's own umask other users could read nothing. Git's words follow as
 * arguments, which the shell does not interpret.
 */
const WITH_USUAL_MODES = ["-c", 'umask 022 && exec "$@"', "sh"];

/** Exit code of `timeout` when the time was up. */
const TIME_IS_UP = 124;
/** A process that outlives git, such as a master connection of ssh, may hold the output open. */
const OUTPUT_END_MS = 500;
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
  const outputs = [child.stdout, child.stderr].map((stream) => new Output(stream, () => tooMuch.abort()));
  const [exitCode] = (await once(child, "exit")) as [number | null];
  await Promise.race([
    Promise.all(outputs.map(({ ended }) => ended)),
    delay(OUTPUT_END_MS, undefined, { ref: false }),
  ]);
  const [stdout = "", stderr = ""] = outputs.map((output) => output.close());
  if (tooMuch.signal.aborted)
    return { exitCode: undefined, stdout: "", stderr: `git wrote more than ${MOST_OUTPUT_BYTES} bytes` };
  return { exitCode: exitCode ?? undefined, stdout, stderr };
}

/** What a stream of a program says. */
class Output {
  /** Resolves when nobody can write to it any more. */
  readonly ended: Promise<unknown>;
  readonly #stream: Readable;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(stream: Readable, onTooMuch: () => void) {
    this.#stream = stream;
    this.ended = once(stream, "close").catch(() => undefined); // Broken: there will be no more.
    stream.on("data", (chunk: Buffer) => {
      this.#bytes += chunk.length;
      if (this.#bytes > MOST_OUTPUT_BYTES) onTooMuch();
      else this.#chunks.push(chunk);
    });
  }

  /** Leaves the stream, and returns what it has said. */
  close(): string {
    this.#stream.destroy();
    return Buffer.concat(this.#chunks).toString("utf8");
  }
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
