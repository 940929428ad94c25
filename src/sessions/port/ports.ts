/**
 * What a session needs of the other rooms, in its own words. The composition root passes in the implementations.
 */
import type { OpenRecord as AuditRecord } from "../../audit/open/open-record.ts";

/** Time as sessions see it; a test may pass in its own. */
export interface Clock {
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** A clock that never jumps, in milliseconds from an arbitrary start. */
  readonly monotonic: () => number;
  /** How long this host is up, in milliseconds: one count for all daemons of a boot, even when the clock is set. */
  readonly uptime: () => number;
}

/** A record that is still being written. */
export type OpenRecord = Pick<
  AuditRecord,
  | "id"
  | "directory"
  | "runaDirectory"
  | "workDirectory"
  | "artifactsDirectory"
  | "inputDirectory"
  | "consoleLogPath"
  | "egressPath"
  | "llmPath"
  | "nodeDirectory"
  | "claimsPath"
  | "document"
  | "state"
  | "update"
  | "journal"
  | "seal"
  | "retire"
>;
