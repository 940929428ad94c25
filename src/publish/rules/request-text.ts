/** Title and body of a pull or merge request. Pure. What an agent wrote stands in them as text that does nothing. */
import type { WorkSummary } from "../../work/summary.ts";

const WORDS = ["subject", "work_unit", "profile", "session"] as const;
type Word = (typeof WORDS)[number];

const BRACED = /\{([^{}]*)\}/g;
/** Characters; GitLab takes 255. */
const TITLE_CHARACTERS = 200;
const SHOWN_COMMITS = 20;
const SUBJECT_CHARACTERS = 120;

/** The rule that the pattern of a title breaks; undefined when it breaks none. */
export function titlePatternFault(pattern: string): string | undefined {
  if (pattern.trim() === "") return "must not be empty";
  if (pattern.length > TITLE_CHARACTERS) return `must have at most ${TITLE_CHARACTERS} characters`;
  const unknown = [...pattern.matchAll(BRACED)].find(([, word = ""]) => !isWord(word));
  return unknown === undefined
    ? undefined
    : `must have no braces but ${WORDS.map((word) => `{${word}}`).join(", ")}`;
}

/** What a request is about. */
export interface RequestSubject {
  readonly profile: string;
  readonly sessionId: string;
  readonly workUnit: string | null;
  /** Of the newest commit. */
  readonly subject: string;
}

/** One line, never empty. @param pattern for which `titlePatternFault` finds nothing. */
export function requestTitle(pattern: string, about: RequestSubject): string {
  const values: Record<Word, string> = {
    subject: about.subject,
    work_unit: about.workUnit ?? about.sessionId,
    profile: about.profile,
    session: about.sessionId,
  };
  const filled = pattern.replaceAll(BRACED, (braced, word: string) => (isWord(word) ? values[word] : braced));
  return cut(inOneLine(filled), TITLE_CHARACTERS) || `${about.profile}: session ${about.sessionId}`;
}

/** What the body says besides. */
export interface RequestFacts extends RequestSubject {
  readonly repository: string;
  readonly base: string;
  readonly commit: string;
  readonly summary: WorkSummary;
  /** Whether uncommitted changes are part of it, as its last commit. */
  readonly hasRest: boolean;
  /** SHA-256 of `work/summary.json` in the record, in hex. */
  readonly summaryDigest: string;
  /** SHA-256 of the record's statement, in hex; undefined while it has none. */
  readonly statement: string | undefined;
}

/** Markdown. */
export function requestBody(facts: RequestFacts): string {
  const { summary, hasRest } = facts;
  const lines = [
    `Work of the agent \`${facts.profile}\`, published by agentd.`,
    "",
    ...(facts.workUnit === null ? [] : [`- Work unit: ${code(facts.workUnit)}`]),
    `- Session: \`${facts.sessionId}\``,
    `- Commits: ${changesText(summary, hasRest)}`,
    `- From: \`${facts.base}\` to \`${facts.commit}\``,
    `- Record: SHA-256 of \`work/summary.json\` is \`${facts.summaryDigest}\``,
    ...(facts.statement === undefined ? [] : [`- Statement of the record: \`${facts.statement}\``]),
    ...(summary.left_out_count > 0
      ? [`- Left out: ${summary.left_out_count} things that could not be exported, see \`work/summary.json\``]
      : []),
    "",
    ...commitLines(summary),
    `See the record with \`agentd show ${facts.sessionId}\`.`,
    "",
  ];
  return lines.join("\n");
}

function changesText(summary: WorkSummary, hasRest: boolean): string {
  const rest = hasRest ? ", and one with what the session left uncommitted" : "";
  const files = summary.files_changed === null ? "" : `; ${summary.files_changed} files changed`;
  const { insertions, deletions } = summary;
  const changed = insertions === null || deletions === null ? "" : `, +${insertions} -${deletions} lines`;
  return `${summary.commit_count ?? 0}${rest}${files}${changed}`;
}

/** In a block of code, where nothing mentions anybody and nothing closes an issue. */
function commitLines({ commits, commit_count: count }: WorkSummary): string[] {
  if (commits.length === 0) return [];
  const shown = commits
    .slice(0, SHOWN_COMMITS)
    .map(({ id, subject }) => `    ${id.slice(0, 12)} ${cut(inOneLine(subject), SUBJECT_CHARACTERS)}`);
  const more = (count ?? commits.length) - shown.length;
  return [...shown, ...(more > 0 ? [`    and ${more} more`] : []), ""];
}

function code(text: string): string {
  return `\`${inOneLine(text).replaceAll("`", "'")}\``;
}

function inOneLine(text: string): string {
  return text
    .replaceAll(/[\p{C}\u2028\u2029]+/gu, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

function cut(text: string, characters: number): string {
  const all = Array.from(text);
  return all.length <= characters ? text : `${all.slice(0, characters - 1).join("")}…`;
}

function isWord(word: string): word is Word {
  return (WORDS as readonly string[]).includes(word);
}
