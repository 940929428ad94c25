/**
 * What somebody who examined a condition of this host found: the words of `agentd doctor`.
 */

/** How a condition stands: `warning` where sessions run, but not as they should, `failure` where one cannot run. */
export const FINDING_STATUSES = ["ok", "warning", "failure"] as const;

export type FindingStatus = (typeof FINDING_STATUSES)[number];

export interface Finding {
  readonly status: FindingStatus;
  /** What was found, as one sentence without a full stop. */
  readonly summary: string;
  /** The command, or the line of a file, that fixes it; null when there is nothing to fix. */
  readonly fix: string | null;
}

/** A finding with the name of its condition: `storage_driver`. */
export interface NamedFinding extends Finding {
  readonly name: string;
}

export function ok(summary: string): Finding {
  return { status: "ok", summary, fix: null };
}

export function warning(summary: string, fix: string): Finding {
  return { status: "warning", summary, fix };
}

export function failure(summary: string, fix: string): Finding {
  return { status: "failure", summary, fix };
}
