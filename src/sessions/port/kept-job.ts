/** What stays of a session that has ended, until it is removed, in the words of sessions. */
import type { Profile } from "../../profile/profile.ts";

/** A session that has ended, and what was made for it. */
export interface KeptJob {
  readonly sessionId: string;
  /** As the session was accepted with. */
  readonly profile: Profile;
  /** Whether the operator has given it files. */
  readonly hasInput: boolean;
  /** Directory of its record. */
  readonly directory: string;
}

/** The part of an executor for sessions that have ended. */
export interface KeptJobs {
  /** Whether a session's command has ended, and what it ran in is still there: then nothing of it runs, and it can be kept. */
  hasEnded(sessionId: string): Promise<boolean>;
  /**
   * Makes what `enter` needs besides: a copy of `.runa`, which the record takes. Removes what nobody needs any more. May be called
   * again, also by a later daemon.
   *
   * @param job.runaDirectory as `Job.runaDirectory`.
   * @returns how many bytes it keeps.
   * @throws AgentdError, Error when it cannot be kept; the signal's reason.
   */
  keep(
    job: { readonly sessionId: string; readonly runaDirectory: string },
    options: { readonly signal: AbortSignal },
  ): Promise<number>;
  /** How many bytes a kept session takes. @throws AgentdError, such as `container_missing`. */
  keptBytes(sessionId: string): Promise<number>;
  /**
   * Makes a place in which commands can be started, from what is kept: confined as the session was, without its credentials and
   * without a log.
   *
   * @returns its ref.
   * @throws AgentdError, such as `container_missing` when something else has removed what was kept.
   */
  enter(kept: KeptJob): Promise<string>;
  /** Removes such a place with all that runs in it; one that is gone is fine. */
  leave(sessionId: string, ref: string): Promise<void>;
  /** Removes all that is kept of a session; may be called again. @throws AgentdError `teardown_failed`. */
  removeKept(sessionId: string): Promise<void>;
}
