/**
 * One condition that a session needs, and how it is looked at.
 */
import type { Finding, FindingStatus } from "../../finding.ts";

/** What `agentd doctor` prints as JSON of one condition. */
export interface CheckResult extends Finding {
  /** Identifies the condition: `storage_driver`. Not unique: a condition may be looked at for several things. */
  readonly name: string;
  /** Heading under which people see it. */
  readonly group: Group;
  /** Whose condition it is; null for one of the host. */
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
  /** How long may be waited for it; default 40 s. */
  readonly limitMs?: number | undefined;
  /**
   * Looks at the condition. Nothing, where it cannot be known because of another one that is found wanting.
   *
   * @param signal aborts when nobody waits any more.
   */
  readonly look: (signal: AbortSignal) => Promise<Finding | readonly NamedLook[] | undefined>;
}

/** One of several findings of a look; `name` where it is another than the check's. */
export type NamedLook = Finding & { readonly name?: string | undefined };
