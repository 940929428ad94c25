/** The result of verifying. */

export interface RecordProblem {
  /** Path from the record's root; control characters and bytes that are not UTF-8 are shown as `\xNN`. */
  readonly path: string;
  readonly problem: string;
}

/**
 * From the best to the worst: `incomplete` when the record is not sealed (yet); `unknown_key` when nothing is wrong but
 * that this host does not know the key that signed; `altered` when it is not what was sealed.
 */
export const VERDICTS = ["verified", "incomplete", "unknown_key", "altered"] as const;

export type Verdict = (typeof VERDICTS)[number];

export interface Verification {
  readonly status: Verdict;
  readonly problems: readonly RecordProblem[];
  /** How many files the seal covers. */
  readonly files: number;
  /** SHA-256 of the record's statement, in hex; null when it has none that can be read. */
  readonly statement: string | null;
  /** The id of the key that signed it; null with the statement. */
  readonly key_id: string | null;
}

/** The worse of two. */
export function worse(one: Verdict, other: Verdict): Verdict {
  return VERDICTS.indexOf(one) > VERDICTS.indexOf(other) ? one : other;
}
