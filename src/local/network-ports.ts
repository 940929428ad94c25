/** What the local executor needs of the rooms below it for the networks of sessions. */
import type { ProcessIdentity } from "../process-identity.ts";
import type { Llm, Profile } from "../profile/profile.ts";
import type { JobActivity } from "../sessions/port/executor.ts";
import type { ClosedNetwork, NetworkChange, ReasonOfFailure } from "../sessions/port/session-network.ts";

/** A session's network that is to be opened. */
export interface NetworkRequest {
  readonly sessionId: string;
  readonly profile: Pick<Profile, "name" | "network" | "allow" | "llm">;
  /** A process of the session's container. */
  readonly process: ProcessIdentity;
  /** The file for its connections. */
  readonly egressPath: string;
  /** The file for its requests to language models. */
  readonly llmPath: string;
}

/** The networks of sessions that reach only what their profiles allow, and their language models. */
export interface Network {
  /** Variables that tell a session's programs how they reach the network. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Opens a session's network; one that is open in the same container is fine.
   *
   * @returns whether it was not open.
   * @throws AgentdError `network_failed`, `gateway_unavailable`; `credential_unset` or `credential_invalid` of a
   * provider's key.
   */
  open(request: NetworkRequest): Promise<boolean>;
  /** Reports what happens to a session's network, and what has happened since it was opened, until the signal is aborted. */
  follow(sessionId: string, onChange: (change: NetworkChange) => void, signal: AbortSignal): void;
  /**
   * Closes a session's network; one that is not open is fine. Does not reject.
   *
   * @returns what an operator should know, as sentences.
   */
  close(sessionId: string): Promise<readonly string[]>;
  /** Closes all networks but those of these sessions. @throws AgentdError `gateway_unavailable`. */
  closeOthers(kept: ReadonlySet<string>): Promise<void>;
  /** What a session reached and used, from its files; undefined where it has none. */
  reached(files: Pick<NetworkRequest, "egressPath" | "llmPath">): Promise<ClosedNetwork | undefined>;
  /**
   * Variables that tell the programs of a session with language models where these are, with the session's token in the
   * place of a key: secret, and the same in every daemon.
   */
  llmVariables(sessionId: string, llm: Llm): ReadonlyMap<string, string>;
  /**
   * Resolves once the gateway says that a session has to end; with undefined when it never will, and when the signal is
   * aborted. Does not reject.
   */
  verdict(sessionId: string, signal: AbortSignal): Promise<ReasonOfFailure | undefined>;
  /**
   * Why the command of a session may have failed by itself: its language models, or undefined. Does not reject: a
   * gateway that does not answer knows no reason.
   */
  verdictOfFailure(sessionId: string): Promise<ReasonOfFailure | undefined>;
  /** A session's requests to language models so far; undefined where the gateway does not say. Does not reject. */
  llmActivity(sessionId: string): Promise<JobActivity["llm"]>;
}
