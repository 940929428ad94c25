/** The list of the sessions that are kept, in the words of sessions. */
import type { Kept } from "../../kept.ts";
import type { KeptJob } from "./kept-job.ts";

/** A session that is about to be kept. */
export interface NewKept extends KeptJob {
  readonly bytes: number;
}

export interface Keeping {
  /**
   * Writes down that a session is kept, durably: from then on no daemon removes what it has, but by `remove`. Repeated, it
   * replaces what was written.
   *
   * @returns until when, as RFC 3339.
   * @throws Error when it cannot be written, or takes more than may be kept.
   */
  add(kept: NewKept): Promise<string>;
  /** Takes that back; a session that is not kept is fine. */
  drop(sessionId: string): Promise<void>;
  /** What is shown of a session; null when it is not kept. */
  shown(sessionId: string): Kept | null;
  /** The record is sealed: from now on the session can be entered and removed. */
  sealed(sessionId: string): void;
}
