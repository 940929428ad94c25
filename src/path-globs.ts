/**
 * Globs for paths of a tree, written with slashes. They are matched one name at a time on the way down, so that a walk
 * knows which directories no pattern can match in.
 *
 * minimatch reads the patterns: braces, `[sets]` and backslashes. It matches a name without backtracking, and the
 * positions below do the same for whole paths, so no pattern and no path takes exponential time.
 */
import { GLOBSTAR, Minimatch, type MinimatchOptions } from "minimatch";

/** Bytes of one pattern. */
const PATTERN_BYTES = 1_000;
/** How many patterns the braces of one pattern may stand for. */
const ALTERNATIVES = 100;

const OPTIONS: MinimatchOptions = {
  platform: "linux",
  // Names that begin with a dot are names like others.
  dot: true,
  // `+(a|b)` and `!(a)` are names; a `#` or `!` at the start is one, too.
  noext: true,
  nocomment: true,
  nonegate: true,
  preserveMultipleSlashes: true,
  // Else `.` and `..` would be resolved before anybody sees them.
  optimizationLevel: 0,
  braceExpandMax: ALTERNATIVES + 1,
};

/** A name, a pattern for names, or any number of directories (`**`). */
export type GlobPart = Minimatch["set"][number][number];

/** The parts of a path, one for each name. */
export type GlobRow = readonly GlobPart[];

/**
 * What the braces of a pattern stand for. A pattern whose last part is a plain name stands for everything below a
 * directory of that name, too.
 *
 * @param pattern for which `globFault` finds nothing.
 */
export function globRows(pattern: string): GlobRow[] {
  return rowsAsWritten(pattern).flatMap((row) =>
    typeof row.at(-1) === "string" ? [row, [...row, GLOBSTAR]] : [row],
  );
}

/** The rule that a pattern breaks, whatever it is for; undefined when it breaks none. */
export function globFault(pattern: string): string | undefined {
  if (pattern === "") return "must not be empty";
  if (pattern.includes("\0")) return "must not contain a NUL character";
  if (Buffer.byteLength(pattern) > PATTERN_BYTES) return `must have at most ${PATTERN_BYTES} bytes`;
  if (pattern.startsWith("!")) return "must not start with !: a pattern cannot leave anything out";
  const rows = rowsAsWritten(pattern);
  if (rows.length > ALTERNATIVES)
    return `must not stand for more than ${ALTERNATIVES} patterns: write them without so many braces`;
  const parts = rows.flat();
  if (rows.length === 0 || rows.some(([first]) => first === "" || first === undefined))
    return "must be a relative path, without a slash at the start";
  if (parts.includes("..") || parts.includes("."))
    return 'must not contain "." or ".." as a part of the path';
  return parts.includes("") ? "must not contain two slashes in a row" : undefined;
}

/** Without the slash at an end, which says of a name that it is a directory's. */
function rowsAsWritten(pattern: string): GlobRow[] {
  const { set } = new Minimatch(pattern, OPTIONS);
  return set.map((row) => (row.length > 1 && row.at(-1) === "" ? row.slice(0, -1) : row));
}

/** The patterns that a path still follows, and how far. Empty: none can match below it. */
export type GlobState = readonly GlobPosition[];

interface GlobPosition {
  readonly row: number;
  readonly part: number;
}

export interface GlobStep {
  /** Which of the rows match the path itself, by their numbers. */
  readonly matched: readonly number[];
  /** Whether a pattern has a part for this very name, and did not only pass it with `**`. */
  readonly isNamed: boolean;
  /** What can match below it. */
  readonly below: GlobState;
}

/** Rows that a path is matched against at the same time. */
export class PathGlobs {
  /** Where every path begins. */
  readonly start: GlobState;
  readonly #rows: readonly GlobRow[];

  constructor(rows: readonly GlobRow[]) {
    this.#rows = rows;
    const positions = new Positions(rows);
    for (const row of rows.keys()) positions.add(row, 0);
    this.start = positions.found;
  }

  /** Goes on by one name: of a file, or of a directory whose names are then matched from `below`. */
  step(state: GlobState, name: string): GlobStep {
    const matched = new Set<number>();
    const below = new Positions(this.#rows);
    let isNamed = false;
    for (const { row, part } of state) {
      const parts = this.#rows[row] ?? [];
      const wanted = parts[part];
      const isAny = wanted === GLOBSTAR;
      if (!isAny && !isName(wanted, name)) continue;
      isNamed ||= !isAny;
      if (part === parts.length - 1) matched.add(row);
      below.add(row, isAny ? part : part + 1);
    }
    return { matched: [...matched], isNamed, below: below.found };
  }
}

/** Each position once. */
class Positions {
  readonly found: GlobPosition[] = [];
  readonly #rows: readonly GlobRow[];
  readonly #seen = new Map<number, Set<number>>();

  constructor(rows: readonly GlobRow[]) {
    this.#rows = rows;
  }

  /** Adds a position, and the one behind it where that is reached without a name. */
  add(row: number, part: number): void {
    const parts = this.#rows[row] ?? [];
    const seen = this.#seen.get(row) ?? new Set<number>();
    if (part >= parts.length || seen.has(part)) return;
    seen.add(part);
    this.#seen.set(row, seen);
    this.found.push({ row, part });
    if (parts[part] === GLOBSTAR) this.add(row, part + 1);
  }
}

function isName(wanted: GlobPart | undefined, name: string): boolean {
  if (typeof wanted === "string" || typeof wanted !== "object") return wanted === name;
  return wanted.testUnchecked(name);
}
