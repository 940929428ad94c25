/**
 * What every command is given: outputs, clock, signals and the way to the daemon.
 */
import type { RpcClient } from "../rpc/client.ts";
import type { Output } from "./output.ts";

export interface CliContext {
  /** What the operator asked for, and nothing else. */
  readonly stdout: Output;
  /** What agentd itself has to say. */
  readonly stderr: Output;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls the listener at every SIGINT or SIGTERM instead of ending; returns how to go back to that. */
  readonly onInterrupt: (listener: () => void) => () => void;
  /**
   * Connects to the daemon on the socket that options, environment and configuration name.
   *
   * @returns a client that the caller closes; see `withClient`.
   * @throws AgentdError `daemon_not_running`, `protocol_mismatch` and what stands in the way of the socket's name.
   */
  readonly connect: () => Promise<RpcClient>;
}

/** What commands are given besides that do more than ask the daemon; the client program has none of them. */
export interface LocalContext extends CliContext {
  /** Where records are, for what works without a daemon: as configured, else the default. */
  readonly auditRoot: () => Promise<string>;
  /** Runs the daemon in this process until it ends; resolves to its exit code. */
  readonly runDaemon: () => Promise<number>;
}

/** One line of agentd's own, on standard error. */
export async function say(context: Pick<CliContext, "stderr">, text: string): Promise<void> {
  await context.stderr.line(`agentd: ${text}`);
}

/** Connects for the time of one use. */
export async function withClient<T>(
  context: Pick<CliContext, "connect">,
  use: (client: RpcClient) => Promise<T>,
): Promise<T> {
  const client = await context.connect();
  try {
    return await use(client);
  } finally {
    client.close();
  }
}
