/** A command that runs on another host with the operator's own standard streams. */
import { execa } from "execa";
import { AgentdError } from "../errors.ts";
import { NO_CONNECTION, type Ssh, unreachable } from "./ssh.ts";

export interface ThereOptions {
  /** As a phrase after "cannot". */
  readonly tried: string;
  /** Of this agentd. */
  readonly version: string;
  /** Whether the operator's streams are a terminal, and the command gets one. */
  readonly hasTerminal: boolean;
  /** Whether the command reads standard input; a terminal is always passed on. */
  readonly readsInput: boolean;
  /** Has Ctrl-C end the command, and not this process; returns how to end that. */
  readonly onInterrupt: (listener: () => void) => () => void;
}

/** What `__remote` exits with where it is of another version, and shells where there is no such program or command. */
export const OTHER_VERSION = 253;
const DOUBTFUL: readonly number[] = [2, 125, 127, OTHER_VERSION];

const INTERRUPTED = 130;

/**
 * Runs a command of agentd there; resolves to its exit code.
 *
 * @throws AgentdError `host_unreachable`, `host_unsuitable`, `host_lost`.
 */
export async function runThere(words: readonly string[], ssh: Ssh, options: ThereOptions): Promise<number> {
  const { tried, version, hasTerminal, readsInput } = options;
  await ssh.connect(tried);
  const interrupted = new AbortController();
  const release = options.onInterrupt(() => interrupted.abort());
  try {
    const args = await ssh.args(["__remote", version, "--", ...words], { hasTerminal });
    const { exitCode } = await execa("ssh", args, {
      env: ssh.env,
      extendEnv: false,
      stdin: readsInput || hasTerminal ? "inherit" : "ignore",
      stdout: "inherit",
      stderr: "inherit",
      reject: false,
    });
    if (interrupted.signal.aborted && !hasTerminal) return INTERRUPTED;
    if (exitCode === undefined || exitCode === NO_CONNECTION) return await endedBySsh(ssh, tried);
    const fault = DOUBTFUL.includes(exitCode) ? await ssh.fault(tried, version) : undefined;
    if (fault !== undefined) throw fault;
    return exitCode;
  } finally {
    release();
  }
}

/**
 * What a command of agentd prints there that reads no input.
 *
 * @throws AgentdError `host_unreachable`, `host_unsuitable`, `host_lost`.
 */
export async function askThere(
  words: readonly string[],
  ssh: Ssh,
  { tried, version }: Pick<ThereOptions, "tried" | "version">,
): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }> {
  await ssh.connect(tried);
  const { exitCode, stdout, stderr } = await execa(
    "ssh",
    await ssh.args(["__remote", version, "--", ...words]),
    {
      env: ssh.env,
      extendEnv: false,
      stdin: "ignore",
      reject: false,
    },
  );
  if (exitCode === undefined || exitCode === NO_CONNECTION) throw unreachable(ssh.remote, tried, stderr);
  const fault = DOUBTFUL.includes(exitCode) ? await ssh.fault(tried, version) : undefined;
  if (fault !== undefined) throw fault;
  return { exitCode, stdout, stderr };
}

/** The command's own exit code, when the connection is there all the same. */
async function endedBySsh(ssh: Ssh, tried: string): Promise<number> {
  if (await ssh.isConnected()) return NO_CONNECTION;
  throw new AgentdError("host_lost", {
    tried,
    why: `the connection to ${ssh.remote.name} ended`,
    next: "Run the command again. A session goes on without it.",
  });
}
