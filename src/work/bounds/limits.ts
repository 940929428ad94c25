/** What the export of one session's work may cost. */
export interface ExportLimits {
  /** Bytes that are written to the record, commits and patch together; copies on the way are bounded by it, too. */
  readonly bytes: number;
  /** Milliseconds that all of it may take. */
  readonly timeMs: number;
  /** Bytes of memory of its own that one run of git may have. */
  readonly memoryBytes: number;
  /** New or changed branches, tags and other refs. */
  readonly refs: number;
  /** New commits. */
  readonly commits: number;
  /** New commits that the summary lists, newest first; it always has their number. */
  readonly listedCommits: number;
  /** Files that were not in the clone and are not ignored, and the directories they are in. */
  readonly entries: number;
  /** New object files of the repository. */
  readonly objects: number;
  /** Levels of directories. */
  readonly depth: number;
  /** Bytes of a path, from the root of the tree. */
  readonly pathBytes: number;
  /** Lines about what was left out; the summary always has their number. */
  readonly leftOut: number;
}

const MIB = 1_048_576;

export const DEFAULT_LIMITS: ExportLimits = {
  bytes: 256 * MIB,
  timeMs: 120_000,
  memoryBytes: 1024 * MIB,
  refs: 10_000,
  commits: 100_000,
  listedCommits: 1_000,
  entries: 200_000,
  objects: 500_000,
  depth: 256,
  pathBytes: 3_000,
  leftOut: 1_000,
};

/** Something of the work is not exported, for a reason that the summary gives. */
export class NotExported extends Error {
  override readonly name = "NotExported";
}

/** As people write it: `256 MiB`. */
export function shownBytes(bytes: number): string {
  return bytes >= MIB ? `${Math.floor(bytes / MIB)} MiB` : `${bytes} bytes`;
}
