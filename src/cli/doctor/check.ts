/**
 * One requirement of sessions, and how it is checked.
 */
import type { Finding, FindingStatus } from "../../finding.ts";

/** What `agentd doctor` prints as JSON of one condition. */
export interface CheckResult extends Finding {
  /** Identifies the condition: `storage_driver`. Not unique: a condition may be looked at for several things. */
  readonly name: string;
  /** Heading under which people see it. */
  readonly group: Group;
  /** The profile that has the requirement; null for one of the host. */
  readonly profile: string | null;
}

/** In the order in which they are shown. */
export const GROUPS = ["host", "user", "podman", "storage", "daemon", "profile"] as const;

export type Group = (typeof GROUPS)[number];

/** The whole examination, as JSON. */
export interface DoctorReport {
  /** Whether there is no failure. */
  readonly ok: boolean;
  readonly counts: Readonly<Record<FindingStatus, number>>;
  /** Whether the repositories were tried. */
  readonly network: boolean;
  readonly checks: readonly CheckResult[];
}

export interface Check {
  readonly name: string;
  readonly group: Group;
  readonly profile?: string | undefined;
  /** Time limit of the check; default 40 s. */
  readonly limitMs?: number | undefined;
  /**
   * Runs the check. Returns nothing if the result depends on another check that failed.
   *
   * @param signal aborts when the result is no longer needed.
   */
  readonly look: (signal: AbortSignal) => Promise<Finding | readonly NamedLook[] | undefined>;
}

/** One of several findings of a check; `name` if it differs from the check's. */
export type NamedLook = Finding & { readonly name?: string | undefined };
