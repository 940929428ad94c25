/**
 * Everything about one session, for people: its view, its journal, what it has left, and what it printed last. The record is read as a
 * directory of this host, so the story of a session that outlived several daemons is whole.
 */
import { join } from "node:path";
import type { JournalEntry } from "../../audit/format/journal.ts";
import type { Note } from "../../audit/format/note.ts";
import type { LeftFiles } from "../../audit/read/left-files.ts";
import { AgentdError } from "../../errors.ts";
import { egressOf } from "../../gateway/log/egress-hosts.ts";
import { MAX_REQUEST_BYTES, REQUEST_FILE } from "../../input/rules.ts";
import type { Fingerprints } from "../../redaction/fingerprints.ts";
import { redactedText } from "../../redaction/redact-text.ts";
import { readRegularFile } from "../../regular-file.ts";
import type { Egress, SessionLlm, SessionView } from "../../session-document.ts";
import { consoleLogOf } from "../console/follow.ts";
import { readLastLines } from "../console/last-lines.ts";
import { coloured, colourOf } from "../terminal/colours.ts";
import { printable } from "../terminal/printable.ts";
import type { TableSpace } from "../terminal/table.ts";
import { egressText, readEgress } from "./egress-text.ts";
import { type Fact, renderFacts } from "./facts.ts";
import { journalText } from "./journal-text.ts";
import { keptText } from "./kept-text.ts";
import { llmText } from "./llm-text.ts";
import { peakTexts } from "./peak-texts.ts";
import { nextRetryText } from "./retry-text.ts";
import { readLedgerOf } from "./session-ledger.ts";
import { outcomeText, standingText } from "./session-text.ts";
import { countText, sizeText } from "./size-text.ts";
import { agoText, spanText } from "./time-text.ts";
import { triggerText } from "./trigger-text.ts";
import { noteText, publishedText, workText } from "./work-text.ts";

export interface SessionReport {
  readonly view: SessionView;
  /** What is in `runa`; null where that is not known, as on another host. */
  readonly left: LeftFiles | null;
  /** The error when the journal cannot be read. */
  readonly journal: readonly JournalEntry[] | AgentdError;
  /** The first line of the request, shortened; null without a request, and where it cannot be read. */
  readonly request: string | null;
  /** What it connected to so far or in all; null where it has no allowlist, and where that cannot be read. */
  readonly egress: Egress | null;
  /** What it used of language models so far or in all; null where it has none, and where that cannot be read. */
  readonly llm: SessionLlm | null;
  /** What happened since it was sealed, oldest first. */
  readonly notes: readonly Note[];
  /** The last lines that the session printed. */
  readonly lastLines: readonly string[];
}

/** What is told one by one of files that the seal does not cover. */
const SHOWN_EXCLUDED = 5;

/** How many notes are shown. */
const SHOWN_NOTES = 5;

/** How many of the lines that it printed are shown. */
const SHOWN_LINES = 10;

/**
 * Adds to a view what only the record has.
 *
 * @param find what finds the values of its credentials. May throw `redaction_unavailable`: then its output is not shown.
 */
export async function readReport(
  view: SessionView,
  find: () => Promise<Fingerprints | undefined>,
): Promise<SessionReport> {
  const [{ countLeftFiles }, { readJournal }, { recordPaths }] = await Promise.all([
    import("../../audit/read/left-files.ts"),
    import("../../audit/format/journal.ts"),
    import("../../audit/format/record-layout.ts"),
  ]);
  const journal = readJournal(recordPaths(view.record).journal).then(
    ({ entries }) => entries,
    (error: unknown) => {
      if (error instanceof AgentdError) return error;
      throw error;
    },
  );
  const prints = await find().catch(unlessUnavailable);
  const lastLines =
    prints instanceof AgentdError
      ? [prints.message]
      : await readLastLines(consoleLogOf(view.record), SHOWN_LINES, prints);
  const line = await firstLineOfRequest(view, recordPaths(view.record).input);
  const request =
    line === null || prints === undefined || prints instanceof AgentdError
      ? line
      : redactedText(line, prints);
  const left = countLeftFiles(view.record);
  const [egress, llm] = await Promise.all([findEgress(view), findLlm(view)]);
  const notes = await readNotes(view.record);
  return { view, left, journal: await journal, request, egress, llm, notes, lastLines };
}

/** None where there is no such file, and where it cannot be read. */
async function readNotes(record: string): Promise<readonly Note[]> {
  const { readNotesOf } = await import("../../audit/read/notes.ts");
  return await readNotesOf(record).catch(() => []);
}

function unlessUnavailable(error: unknown): AgentdError {
  if (error instanceof AgentdError && error.code === "redaction_unavailable") return error;
  throw error;
}

async function findLlm(view: SessionView): Promise<SessionLlm | null> {
  // A daemon of an older version has no such field; without a daemon nobody else knows.
  if (view.state === "sealed" || (view.llm ?? null) !== null) return view.llm ?? null;
  const sums = await readLedgerOf(view.record).catch(() => undefined);
  if (sums === undefined) return null;
  const { sessionLlm } = await import("../../llm/ledger/session-llm.ts");
  return sessionLlm(sums);
}

async function findEgress(view: SessionView): Promise<Egress | null> {
  // A daemon of an older version has no such field.
  if (view.state === "sealed" || (view.egress ?? null) !== null) return view.egress ?? null;
  const summary = await readEgress(view.record).catch(() => undefined);
  return summary === undefined ? null : egressOf(summary);
}

/**
 * The report as a block of text and a timeline.
 *
 * @param nowMs milliseconds since 1970.
 */
export function reportText(report: SessionReport, nowMs: number, space: TableSpace): string {
  const { view, left, journal, lastLines } = report;
  const standing = standingText(view);
  const shown = space.hasColours === true ? coloured(standing, colourOf(view)) : standing;
  const block = renderFacts(`session ${view.session_id}  ${shown}`, [
    ...whatRan(view),
    ...whatWasGiven(report),
    ...whenItRan(view, nowMs),
    ...howItEnded(view),
    ...whatItReached(report),
    ...present([
      ["work", workText(view)],
      ["published", publishedText(view)],
    ]),
    ...report.notes.slice(-SHOWN_NOTES).map((note): Fact => ["later", noteText(note)]),
    ["record", view.record],
    ...present([["runa", left && `${countText(left.files, "file")}, ${sizeText(left.bytes)}`]]),
    ...excludedFacts(view),
  ]);
  return [block, journalText(journal, space), ...outputText(lastLines)].join("\n\n");
}

function whatRan(view: SessionView): Fact[] {
  return present([
    ["profile", view.profile],
    ["work unit", view.work_unit],
    ["trigger", triggerText(view)],
    ["repository", view.repo_url],
    ["directory", view.directory],
    ["workspace", view.workspace === "empty" ? "empty" : null],
    ["ref", view.ref],
    ["commit", view.commit],
    ["image", view.image],
    ["digest", view.image_digest],
    ["command", view.command === null ? null : view.command.map(wordText).join(" ")],
    ["weakened", view.exceptions.length === 0 ? null : view.exceptions.map(exceptionText).join("; ")],
  ]);
}

function exceptionText({ rule, name, what, reason }: SessionView["exceptions"][number]): string {
  return `${rule} ${name}: ${what.join(", ")} (${reason ?? "no reason given"})`;
}

function whatWasGiven({ view, request }: SessionReport): Fact[] {
  const { request_bytes: bytes, inputs, env, rerun_of: rerunOf, artifact_type: type } = view;
  const names = Object.keys(env);
  return present([
    ["rerun of", rerunOf],
    ["request", bytes === null ? null : [request, `(${sizeText(bytes)})`].filter(Boolean).join(" ")],
    ["inputs", inputs.length === 0 ? null : inputs.map(inputText).join(", ")],
    ["artifact", type],
    ["env", names.length === 0 ? null : names.join(", ")],
  ]);
}

function inputText({ name, bytes }: SessionView["inputs"][number]): string {
  return `${name} (${sizeText(bytes)})`;
}

/** Enough for a line of a terminal. */
const SHOWN_REQUEST = 60;

async function firstLineOfRequest(
  { request_bytes: bytes }: SessionView,
  input: string,
): Promise<string | null> {
  if (bytes === null) return null;
  // The record is shown without what cannot be read of it.
  const read = await readRegularFile(join(input, REQUEST_FILE), MAX_REQUEST_BYTES).catch(() => undefined);
  const [first, ...more] = read?.toString("utf8").trim().split(/\r?\n/) ?? [];
  if (first === undefined) return null;
  const characters = Array.from(first);
  const isCut = characters.length > SHOWN_REQUEST || more.length > 0;
  return isCut ? `${characters.slice(0, SHOWN_REQUEST).join("")}…` : first;
}

/** A word of a command as a shell takes it. */
function wordText(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function outputText(lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const title = lines.length < SHOWN_LINES ? "Output:" : `Last ${lines.length} lines of output:`;
  return [[title, ...lines.map((line) => `  ${printable(line)}`)].join("\n")];
}

/** Only sessions with an allowlist have connections on record, and only those with language models requests. */
function whatItReached({ egress, llm }: SessionReport): Fact[] {
  return present([
    ["network", egress === null ? null : "allowlist"],
    ["egress", egress === null ? null : egressText(egress)],
    ["llm", llm === null ? null : llmText(llm)],
  ]);
}

function whenItRan(view: SessionView, nowMs: number): Fact[] {
  const { queued_timestamp: queued, start_timestamp: started, end_timestamp: ended } = view;
  const when = (timestamp: string | null): string | null =>
    timestamp === null ? null : `${timestamp} (${agoText(timestamp, nowMs)})`;
  const took =
    started === null ? null : Date.parse(ended ?? new Date(nowMs).toISOString()) - Date.parse(started);
  return present([
    ["queued", when(queued)],
    ["started", when(started)],
    ["ended", when(ended)],
    [ended === null ? "running for" : "took", took === null ? null : spanText(took)],
  ]);
}

function howItEnded(view: SessionView): Fact[] {
  const { outcome, cause, reason } = view;
  return present([
    ["outcome", outcome === null ? null : outcomeText(view)],
    ["exit code", view.exit_code === null ? null : String(view.exit_code)],
    ["cause", cause],
    ["reason", reason],
    ["next", nextRetryText(view)],
    ["kept", keptText(view)],
    ...peakTexts(view),
    ...view.warnings.map((warning): [string, string] => ["warning", warning]),
  ]);
}

function excludedFacts({ excluded, excluded_count: count }: SessionView): Fact[] {
  // A daemon of an older version does not count.
  const more = (count ?? excluded.length) - Math.min(excluded.length, SHOWN_EXCLUDED);
  return [
    ...excluded.slice(0, SHOWN_EXCLUDED).map(({ path, reason }): Fact => ["excluded", `${path}: ${reason}`]),
    ...(more > 0 ? [["excluded", `and ${more} more, see session.json`] as const] : []),
  ];
}

function present(facts: readonly (readonly [string, string | null])[]): Fact[] {
  return facts.flatMap(([name, fact]): Fact[] => (fact === null ? [] : [[name, fact]]));
}
