/** What the copy of one session's artifacts may cost. */
export interface ArtifactLimits {
  /** Bytes of content in all. */
  readonly bytes: number;
  /** Milliseconds that all of it may take. */
  readonly timeMs: number;
  /** Names that are looked at, in the clone and in the home together. */
  readonly entries: number;
  /** Files that are copied. */
  readonly files: number;
  /** Levels of directories. */
  readonly depth: number;
  /** Bytes of a path, from the directory of the artifacts. */
  readonly pathBytes: number;
  /** Lines about what was left out; the summary always has their number. */
  readonly leftOut: number;
}

/** Bytes and time are what the rest of the export has left. */
export const ARTIFACT_LIMITS: Omit<ArtifactLimits, "bytes" | "timeMs"> = {
  entries: 1_000_000,
  files: 100_000,
  depth: 256,
  pathBytes: 3_000,
  leftOut: 1_000,
};
