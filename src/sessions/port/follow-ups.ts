/** Sessions that start because another one has ended, in the words of sessions. */
import type { NextRetry } from "../../next-retry.ts";
import type { Outcome } from "../../outcome.ts";
import type { Profile } from "../../profile/profile.ts";

/** A session whose record is about to be sealed. */
export interface EndedSession {
  readonly sessionId: string;
  readonly profile: string;
  /** Directory of the record. */
  readonly directory: string;
  readonly outcome: Outcome;
  readonly endTimestamp: string;
  /** As the session was accepted with. */
  readonly retry: Profile["retry"];
  /** Which try of another session it is; 0 for none. */
  readonly retryNumber: number;
}

export interface FollowUpsPort {
  /** The try that waits for its time after a session; null: none does. */
  nextRetry(sessionId: string): NextRetry | null;
  /** Writes down durably which sessions are to follow. Repeated, it changes nothing. */
  owe(ended: EndedSession): Promise<void>;
  /** The record is sealed: what is owed starts when its time has come. Does not wait for it. */
  sealed(sessionId: string): void;
}
