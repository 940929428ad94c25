/** The notes of a session in the chain: each has its line of `agentd/after.jsonl` in its statement. */
import { readFileSync } from "node:fs";
import { parseEnvelope } from "../format/dsse.ts";
import { sha256 } from "../format/statement.ts";
import { readChainStatement } from "../format/statement-schema.ts";
import { type NoteLine, parseChainLine } from "./chain-line.ts";

/** In their order. */
export function notesOfSession(path: string, sessionId: string): NoteLine[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.includes(sessionId))
    .map(parseChainLine)
    .filter((line) => line?.kind === "note")
    .filter((line) => line.session_id === sessionId);
}

/** The bytes of a note's line, as they were signed; undefined when the statement is none of a note. */
export function noteText(line: NoteLine): string | undefined {
  const envelope = parseEnvelope(line.envelope);
  const note = envelope && readChainStatement(envelope.payload)?.note;
  if (note === undefined) return undefined;
  const text = `${JSON.stringify(note.value)}\n`;
  return sha256(text) === note.digest ? text : undefined;
}
