/** The files of `work/`, and what `summary.json` says. */
import type { Artifacts, Work } from "../work-fields.ts";
import type { ArtifactsSummary } from "./artifacts/collect-artifacts.ts";
import type { LeftOut } from "./bounds/left-out.ts";
import type { WorkCommit } from "./commits/list-commits.ts";

export const SUMMARY_FILE = "summary.json";
export const PATCH_FILE = "changes.patch";
export const BUNDLE_FILE = "commits.bundle";

export interface WorkBranch {
  /** The full name of the ref, such as `refs/heads/fix`. */
  readonly name: string;
  readonly commit: string;
  /** Whether there was none of this name when the session began. */
  readonly is_new: boolean;
}

/** Counts are null where they could not be told; `left_out` then says why. */
export interface WorkSummary {
  /** The commit that was checked out when the session began; null: there was none. */
  readonly base: string | null;
  readonly head: {
    /** Null: HEAD led to no commit. */
    readonly commit: string | null;
    /** The full name of its branch; null: it was on none. */
    readonly branch: string | null;
  };
  /** Branches, tags and other refs that are new or have moved. */
  readonly branches: readonly WorkBranch[];
  /** How many commits there are that were not there when the session began. */
  readonly commit_count: number | null;
  /** The newest of them. */
  readonly commits: readonly WorkCommit[];
  /** From `base` to the files at the end. */
  readonly files_changed: number | null;
  readonly insertions: number | null;
  readonly deletions: number | null;
  /** Files at the end that are not as HEAD has them, new ones included. */
  readonly uncommitted: number | null;
  /** Of `changes.patch`. */
  readonly patch_bytes: number | null;
  /** Of `commits.bundle`; null: there is none. */
  readonly bundle_bytes: number | null;
  /** Null: the profile names none. */
  readonly artifacts: ArtifactsSummary | null;
  readonly left_out: readonly LeftOut[];
  /** How many things were left out, also those that are not listed. */
  readonly left_out_count: number;
}

/** The numbers of the artifacts, as `session.json` has them. */
export function artifactsOf({ artifacts }: WorkSummary): Artifacts | null {
  return artifacts && { files: artifacts.files, bytes: artifacts.bytes };
}

/** The numbers of a summary, as `session.json` has them. */
export function workOf(summary: WorkSummary): Work {
  const { files_changed, insertions, deletions, uncommitted, patch_bytes } = summary;
  return {
    head_commit: summary.head.commit,
    commits: summary.commit_count,
    files_changed,
    insertions,
    deletions,
    uncommitted,
    patch_bytes,
  };
}
