/** The names of the branches that work is published to. Pure: git checks each name once more before it is used. */
import { createHash } from "node:crypto";
import { refFault } from "../../workspace/repository-url.ts";

/** The words of a pattern, in braces. */
const WORDS = ["profile", "work_unit", "session", "date"] as const;

type Word = (typeof WORDS)[number];

/** What the words of a pattern stand for. */
export interface BranchValues {
  readonly profile: string;
  /** Null: the session's id takes its place. */
  readonly workUnit: string | null;
  readonly sessionId: string;
  /** The day on which the session began, such as `2026-11-28`. */
  readonly date: string;
}

/** More of a work unit, in characters, is cut off. */
const WORK_UNIT_CHARACTERS = 80;
const PATTERN_CHARACTERS = 120;
const DIGEST_DIGITS = 8;
const BRACED = /\{([^{}]*)\}/g;
const FREE_TEXT = "{work_unit}";

/** The rule that a pattern breaks; undefined when it breaks none. */
export function branchPatternFault(pattern: string): string | undefined {
  if (pattern.length > PATTERN_CHARACTERS) return `must have at most ${PATTERN_CHARACTERS} characters`;
  const unknown = [...pattern.matchAll(BRACED)].find(([, word = ""]) => !isWord(word));
  if (unknown !== undefined || /[{}]/.test(pattern.replaceAll(BRACED, ""))) {
    return `must have no braces but ${WORDS.map((word) => `{${word}}`).join(", ")}`;
  }
  const sample = pattern.replaceAll(BRACED, "x");
  if (/^refs(?:\/|$)|^HEAD$/.test(sample)) return "must be the name of a branch, without refs/heads/";
  const fault = refFault(sample);
  if (fault !== undefined) return `must make the name of a branch: ${fault}`;
  const at = pattern.indexOf(FREE_TEXT);
  const isBelow = at === -1 || pattern.slice(0, at).includes("/");
  return isBelow
    ? undefined
    : `must have a fixed part and a slash before ${FREE_TEXT}, as agentd/${FREE_TEXT} has`;
}

/**
 * The branch of a session. Whatever the work unit is, the name is of the pattern: a slash, dot or space of it adds no
 * part to the name. A work unit that is not in the name as it is has a digest behind it, so two of them are two branches.
 *
 * @param pattern for which `branchPatternFault` finds nothing.
 */
export function branchName(pattern: string, { profile, workUnit, sessionId, date }: BranchValues): string {
  const values: Record<Word, string> = {
    profile,
    session: sessionId,
    date,
    work_unit: workUnit === null ? sessionId : partOf(workUnit),
  };
  return pattern.replaceAll(BRACED, (braced, word: string) => (isWord(word) ? values[word] : braced));
}

/** One part of a name: letters, digits and `.`, `_` and `-` between them. */
function partOf(workUnit: string): string {
  const kept = workUnit
    .slice(0, WORK_UNIT_CHARACTERS)
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/\.{2,}/g, "-")
    .replace(/(?:\.lock)+$/i, "")
    .replaceAll(/^[.-]+|[.-]+$/g, "");
  if (kept === workUnit) return kept;
  const digest = createHash("sha256").update(workUnit).digest("hex").slice(0, DIGEST_DIGITS);
  return kept === "" ? digest : `${kept}-${digest}`;
}

function isWord(word: string): word is Word {
  return (WORDS as readonly string[]).includes(word);
}
