import type { SessionDocument } from "../../session-document.ts";

/** A session as it was accepted, and where the record has what comes of it elsewhere. */
export interface WholeSession {
  readonly document: SessionDocument;
  /** As the open index keeps it. */
  readonly plan: unknown;
  readonly logLimitBytes: number;
  /** From its start to its kill on the node; undefined: no limit. */
  readonly nodeMs: number | undefined;
  /** Directory for the record of the node; made when it comes. */
  readonly nodeDirectory: string;
  /** File for who has claimed the session. */
  readonly claimsPath: string;
}
