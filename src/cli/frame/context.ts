/**
 * What every command receives: outputs, clock, signals and the connection to the daemon.
 */
import type { Config } from "../../config/config.ts";
import type { Host } from "../../config/paths.ts";
import type { SocketOptions } from "../../config/socket-path.ts";
import { AgentdError } from "../../errors.ts";
import type { McpHost } from "../../mcp/host.ts";
import type { LogEnd, RecordMirror } from "../../remote/record-mirror.ts";
import type { Caller, Connection } from "../../rpc/client.ts";
import { PersistentClient, type SteadyClock } from "../../rpc/persistent-client.ts";
import type { RunnerOptions } from "../../runner/runner-options.ts";
import type { Output, OutputStream } from "../terminal/output.ts";
import { printableLines } from "../terminal/printable.ts";

export interface CliContext {
  /** The result that the operator asked for, and nothing else. */
  readonly stdout: Output;
  /** agentd's own messages. */
  readonly stderr: Output;
  /** Standard input; read by a command that was told to. */
  readonly stdin: () => AsyncIterable<Buffer | string>;
  /**
   * The content of a file of the operator's, from a path as it was typed. Reading fails as Node's file system does, or
   * with a reason.
   */
  readonly readFile: (path: string) => AsyncIterable<Buffer | string>;
  /** An id for the session that this command may start. */
  readonly newRequestId: () => Promise<string>;
  /** What there is where the operator is on another host; undefined: this is the operator's. */
  readonly away: AwayOperator | undefined;
  /**
   * Asks every host that has a name by a command line that prints JSON, all at once; undefined in the client program,
   * which knows no other hosts.
   */
  readonly askContexts?: (words: readonly string[]) => Promise<readonly ContextAnswer[]>;
  /** Of this agentd. */
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly clock: SteadyClock;
  /** Calls the listener at every SIGINT or SIGTERM instead of ending; returns how to go back to that. */
  readonly onInterrupt: (listener: () => void) => () => void;
  /**
   * Connects to the daemon on the socket that options, environment and configuration name.
   *
   * @param signal gives up connecting.
   * @returns a client that the caller closes; see `withClient` and `withPersistentClient`.
   * @throws AgentdError `daemon_not_running`, `protocol_mismatch` and errors of finding the socket's path.
   */
  readonly connect: (signal?: AbortSignal) => Promise<Connection>;
  /**
   * Makes the records of another host readable here, where the daemon only answers; undefined: they are directories of
   * this host.
   */
  readonly mirrors:
    ((client: Caller, session: string, logEnd: LogEnd | undefined) => Promise<RecordMirror>) | undefined;
}

/** What a host with a name answers. */
export type ContextAnswer = { readonly context: string } & (
  | {
      readonly exitCode: number;
      readonly stdout: string;
      readonly stderr: string;
    }
  /** There is no answer, or only the reason why not. */
  | { readonly error: unknown; readonly exitCode?: undefined }
);

/** An operator on another host, whose connection may be cut: then the same command is started once more. */
export interface AwayOperator {
  /** What an earlier start of this command has printed of the session's streams, in bytes; undefined: this is the first. */
  readonly printed: Readonly<Record<"stdout" | "stderr", number>> | undefined;
  /**
   * What an earlier start has found out at this point, else what is found now. Starts ask in the same order.
   */
  readonly once: (find: () => Promise<string>) => Promise<string>;
}

/** What a command line is given of the process. */
export interface ProcessParts {
  readonly env: Host["env"];
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Standard input, which is read once. */
  readonly stdin: CliContext["stdin"];
  /** Whether standard input and output are a terminal. */
  readonly isInteractive: () => boolean;
  readonly onInterrupt: CliContext["onInterrupt"];
  readonly readFile: CliContext["readFile"];
  readonly newRequestId: CliContext["newRequestId"];
  readonly away: AwayOperator | undefined;
}

/** What other agentds, which operators use from elsewhere, have this process do. */
export interface FarEnd {
  readonly env: Host["env"];
  readonly stdin: CliContext["stdin"];
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Runs a command line as if the process had been started with it; never rejects. */
  readonly run: (words: readonly string[], parts: Partial<ProcessParts>) => Promise<number>;
  /** Makes another directory the current one. */
  readonly enter: (directory: string) => void;
  /** Ends this process at once. */
  readonly die: () => void;
}

/** The daemon's settings from its command line. */
export interface DaemonFlags {
  /** Undefined: as configured. */
  readonly shutdown?: "drain" | "detach";
}

/** This agentd and the user it runs for: for what sets it up on a host. */
export interface Installation {
  readonly host: Host;
  /** What the command line named for every command. */
  readonly options: SocketOptions;
  readonly version: string;
  /** Absolute path of the Node.js that runs this. */
  readonly node: string;
  /** Directory of the package: it holds `bin/`, `examples/` and `systemd/`. */
  readonly packageDirectory: string;
}

/** Another host that a command is for. */
export interface Elsewhere {
  /** Runs a command line there with the operator's streams; resolves to its exit code. */
  readonly run: (words: readonly string[]) => Promise<number>;
  /**
   * Runs a command line there in an empty directory and brings what it leaves. The caller releases it.
   *
   * @returns its exit code when it failed: it has said why.
   */
  readonly fetch: (
    words: readonly string[],
  ) => Promise<number | { readonly directory: string; readonly release: () => Promise<void> }>;
}

/** For what serves HTTP. */
export interface WebContext extends CliContext {
  /** Serves in this process until it is told to end; resolves to its exit code. */
  readonly runWeb: () => Promise<number>;
}

/** For what runs sessions. */
export interface DaemonContext extends CliContext {
  /** Runs the daemon in this process until it ends; resolves to its exit code. */
  readonly runDaemon: (flags: DaemonFlags) => Promise<number>;
  /** Runs one session for another host in this process; resolves to the exit code. */
  readonly runOne: (options: RunnerOptions) => Promise<number>;
}

/** What commands are given besides that do more than ask the daemon; the client program has none of them. */
export interface LocalContext extends WebContext, DaemonContext {
  /** Where records are, for what works without a daemon: as configured, else the default. */
  readonly auditRoot: () => Promise<string>;
  /** The directory that is the instance: its keys, chain and open index. */
  readonly stateDirectory: string;
  /**
   * The configuration of a file; undefined means the one that options, environment or the usual places name.
   *
   * @throws AgentdError as `loadConfig` does.
   */
  readonly loadConfig: (file: string | undefined) => Promise<Config>;
  /** Number of processor cores, for defaults of the configuration. */
  readonly cores: number;
  readonly installation: Installation;
  /** What the host of an unfinished command line answers to it; undefined where it is this one. */
  readonly completeElsewhere: (words: readonly string[]) => Promise<string | undefined>;
  /** For operators on other hosts. */
  readonly farEnd: FarEnd;
  /** Another host, for a command whose files are fetched from there; undefined: it is for this one. */
  readonly elsewhere: Elsewhere | undefined;
  /** Asks the operator a yes-or-no question; undefined without a terminal. */
  readonly confirm: ((question: string) => Promise<boolean>) | undefined;
  /** Asks the operator for a line, which may be empty; undefined without a terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** Serves an MCP client on the process's streams until it leaves. */
  readonly serveMcp: (host: McpHost) => Promise<void>;
}

/** Prints a line of agentd's own to standard error; the caller makes values printable. */
export async function say(context: Pick<CliContext, "stderr">, text: string): Promise<void> {
  await context.stderr.line(`agentd: ${printableLines(text)}`);
}

/** Connects for the time of one use. */
export async function withClient<T>(
  context: Pick<CliContext, "connect">,
  use: (client: Connection) => Promise<T>,
): Promise<T> {
  const client = await context.connect();
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/** Connects for one use that survives restarts of the daemon, which has to run at its beginning. */
export async function withPersistentClient<T>(
  context: CliContext,
  use: (client: PersistentClient) => Promise<T>,
): Promise<T> {
  return await makePersistent(await context.connect(), context, use);
}

/** The same for a client that is connected; it is closed in the end. */
export async function makePersistent<T>(
  first: Connection,
  context: CliContext,
  use: (client: PersistentClient) => Promise<T>,
): Promise<T> {
  const { connect, clock } = context;
  const client = new PersistentClient(first, { connect, clock, tell: (text) => say(context, text) });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/**
 * Connects for a command that can also do without a daemon.
 *
 * @returns a client that the caller closes, or the error that says that no daemon runs.
 */
export async function connectIfRunning(
  context: Pick<CliContext, "connect">,
): Promise<Connection | AgentdError> {
  try {
    return await context.connect();
  } catch (error) {
    if (error instanceof AgentdError && error.code === "daemon_not_running") return error;
    throw error;
  }
}
