/** The network of a session, in the words of sessions. */
import type { Profile } from "../../profile/profile.ts";
import type { Egress, SessionLlm } from "../../session-document.ts";

/** The part of a job that its network needs. */
export interface NetworkOfJob {
  readonly sessionId: string;
  readonly profile: Profile;
  /** File of the host for the connections of a session with an allowlist. */
  readonly egressPath: string;
  /** File of the host for the requests of a session with language models. */
  readonly llmPath: string;
}

/**
 * What happened to the network of a running command. `restored`: it was gone for a moment, which cut its connections.
 * `lost`: the command reaches nothing until it is `restored`. `over`: the command has to end because of its language
 * models.
 */
export type NetworkChange =
  | { readonly kind: "restored" }
  | { readonly kind: "lost"; readonly why: string }
  | ({ readonly kind: "over" } & ReasonOfFailure);

/** Why a session has to end, or has failed, because of its language models. */
export interface ReasonOfFailure {
  readonly outcome: "budget_exhausted" | "llm_refused";
  /** A sentence. */
  readonly cause: string;
}

export interface NetworkOptions {
  /** Ends the following, to be aborted when the command has ended; not the network. */
  readonly signal: AbortSignal;
  /** Whether an earlier daemon has opened it. */
  readonly isEarlierDaemons: boolean;
  readonly onChange: (change: NetworkChange) => void;
}

/** What a session reached and used. */
export interface ClosedNetwork {
  /** Null without an allowlist. */
  readonly egress: Egress | null;
  /** Null without language models. */
  readonly llm: SessionLlm | null;
  /** What an operator should know, as sentences. */
  readonly warnings: readonly string[];
}
