/** Taking the work of a session out of its workspace. */
import type { Artifacts, Work } from "../../work-fields.ts";

export interface ExportOptions {
  /** Directory of the host for what is exported, made where it is missing; nothing is left in it when exporting fails. */
  readonly directory: string;
  /** Likewise for the files that the profile names. */
  readonly artifactsDirectory: string;
  /** Ends the exporting. */
  readonly signal: AbortSignal;
}

/** What came out of a session's workspace. */
export interface ExportedWork {
  readonly work: Work;
  /** Null where the profile names none. */
  readonly artifacts: Artifacts | null;
  /** What an operator should know, as sentences. */
  readonly warnings: readonly string[];
}
