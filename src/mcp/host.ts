/** What the MCP server asks of the program that it is part of. */
import type { Caller } from "../rpc/client.ts";
import type { SessionView } from "../session-document.ts";

/** A piece of what a session printed, with names in the place of values. */
export type TakeOutput = (stream: "stdout" | "stderr", bytes: Buffer) => void;

export interface McpHost {
  /** Of this agentd. */
  readonly version: string;
  /** The profiles whose sessions are shown, started and stopped; undefined: all. */
  readonly profiles: ReadonlySet<string> | undefined;
  /** Whether no tool starts or stops anything. */
  readonly isReadOnly: boolean;
  readonly now: () => number;
  readonly newRequestId: () => Promise<string>;
  /** Connects to the daemon for one use. */
  readonly withDaemon: <T>(use: (client: Caller) => Promise<T>) => Promise<T>;
  /**
   * Reads all that a session has printed so far.
   *
   * @throws AgentdError `redaction_unavailable` and errors of reading.
   */
  readonly readOutput: (session: SessionView, take: TakeOutput) => Promise<void>;
  /** Verifies a sealed record. */
  readonly verify: (sessionId: string) => Promise<Readonly<Record<string, unknown>>>;
}
