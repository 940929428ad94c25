/** Adds a note to a sealed record: a line of `agentd/after.jsonl`, and its statement in the chain. */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { stagedPath } from "../../durable-files.ts";
import { ChainWriter } from "../chain/chain-writer.ts";
import { notesOfSession, noteText } from "../chain/note-lines.ts";
import { underThreadLock } from "../chain/thread-lock.ts";
import { envelopeJson, signEnvelope } from "../format/dsse.ts";
import { formatNote, type Note } from "../format/note.ts";
import { recordPaths } from "../format/record-layout.ts";
import { noteStatement } from "../format/statement.ts";
import type { EvidencePaths } from "../keys/evidence-paths.ts";

export interface NotedRecord {
  readonly id: string;
  readonly profile: string;
  /** Directory of the record. */
  readonly directory: string;
}

/**
 * Adds a note, durably. Blocks, and may be called by several processes at once.
 *
 * The chain has the note itself, so the file is written anew from it: its next content lies beside it before the statement
 * is made, and takes its place after that. A crash in between leaves both, which a verification understands.
 *
 * @throws AgentdError `signing_key_unusable` or `chain_unusable`; nothing is added then.
 */
export function addNote(record: NotedRecord, note: Note, paths: EvidencePaths): void {
  const { notes, session } = recordPaths(record.directory);
  const staged = stagedPath(notes);
  mkdirSync(paths.noteWriters, { recursive: true, mode: 0o700 });
  underThreadLock(paths.noteWriters, () => {
    const earlier = notesOfSession(paths.chain, record.id).map((line) => noteText(line) ?? "");
    new ChainWriter(paths).append((place, key) => {
      const payload = noteStatement(record, note, place);
      // Before the chain: on a full disk this fails, and no statement exists yet.
      stage(staged, `${earlier.join("")}${formatNote(note)}`, statSync(session).mode & 0o777);
      const envelope = envelopeJson(signEnvelope(payload, key));
      return { payload, line: { kind: "note", session_id: record.id, profile: record.profile, envelope } };
    });
    flush(paths.chain);
    renameSync(staged, notes);
    flush(dirname(notes));
  });
}

function stage(path: string, content: string, mode: number): void {
  rmSync(path, { force: true });
  writeFileSync(path, content, { flag: "wx", mode: 0o600 });
  chmodSync(path, mode);
  flush(path);
  flush(dirname(path));
}

function flush(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
