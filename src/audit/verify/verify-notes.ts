/** The notes of a record against the chain: `agentd/after.jsonl` has the lines that were signed, and no other. */
import { stagedPath } from "../../durable-files.ts";
import { ifThere } from "../../if-there.ts";
import { NotRegularFileError, readRegularFile } from "../../regular-file.ts";
import { bytePath } from "../../trees/byte-path.ts";
import type { Evidence } from "../chain/evidence.ts";
import { noteText } from "../chain/note-lines.ts";
import { isSignedBy, parseEnvelope } from "../format/dsse.ts";
import { NOTES_PATH, recordPaths } from "../format/record-layout.ts";
import { sha256 } from "../format/statement.ts";
import type { RecordPlace } from "../read/query.ts";
import type { RecordProblem } from "./verification.ts";

/** The files that the sums do not cover: the notes, and their next content. */
export const NOTE_FILES: readonly string[] = [NOTES_PATH, bytePath(stagedPath(NOTES_PATH))];

const MOST_NOTES_BYTES = 64 * 1024 * 1024;

/** What is wrong with the notes of a record. Where one was just being added, its next content counts, too. */
export async function noteProblems(place: RecordPlace, evidence: Evidence): Promise<RecordProblem[]> {
  const { notes } = recordPaths(place.directory);
  const first = await compare(place, evidence, notes);
  if (first.length === 0) return [];
  // The chain may have grown since it was read.
  evidence.chain.refresh();
  return await compare(place, evidence, notes);
}

async function compare(place: RecordPlace, evidence: Evidence, path: string): Promise<RecordProblem[]> {
  const signed = signedLines(place, evidence);
  if (typeof signed === "string") return [problem(signed)];
  const [written, next] = [await textOf(path), await textOf(stagedPath(path))];
  const all = signed.join("");
  const isNextRight =
    next === undefined ||
    next === all ||
    (next.startsWith(all) && linesOf(next).length === signed.length + 1);
  if (!isNextRight) return [{ path: `${NOTES_PATH}.next`, problem: "has other lines than the chain" }];
  if ((written ?? "") === all || next === all) return [];
  if (written === undefined) return [problem(`missing, though the chain has ${signed.length} notes for it`)];
  return differences(linesOf(written), signed);
}

function differences(lines: readonly string[], signed: readonly string[]): RecordProblem[] {
  const known = new Set(signed);
  const added = lines.flatMap((line, index) =>
    known.has(line) ? [] : [problem(`line ${index + 1} is not in the chain`)],
  );
  const there = new Set(lines);
  const missing = signed.flatMap((line, index) =>
    there.has(line) ? [] : [problem(`note ${index + 1} of the chain is missing or altered`)],
  );
  const all = [...added, ...missing];
  return all.length > 0 ? all : [problem("its lines are repeated or in another order than in the chain")];
}

/** The lines that the chain has, or what is wrong with it. */
function signedLines(place: RecordPlace, { chain, keys }: Evidence): string[] | string {
  const texts: string[] = [];
  for (const line of chain.notesOf(place.id)) {
    const envelope = parseEnvelope(line.envelope);
    const key = keys.get(line.key);
    const text = noteText(line);
    const isSigned =
      envelope !== undefined &&
      key !== undefined &&
      sha256(envelope.payload) === line.statement &&
      isSignedBy(envelope, key);
    if (!isSigned || text === undefined || line.profile !== place.profile)
      return `the signature of its note ${texts.length + 1} in the chain is not valid`;
    texts.push(text);
  }
  return texts;
}

function linesOf(text: string): string[] {
  return text.split(/(?<=\n)/).filter((line) => line !== "");
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return (await ifThere(readRegularFile(path, MOST_NOTES_BYTES)))?.toString("utf8");
  } catch (error) {
    // Then it has no line that was signed.
    if (error instanceof NotRegularFileError) return "\0";
    throw error;
  }
}

function problem(text: string): RecordProblem {
  return { path: NOTES_PATH, problem: text };
}
