/**
 * Sealing: from a record that is written to one whose every byte `SHA256SUMS` vouches for.
 */
import { createHash } from "node:crypto";
import { chmod, rm } from "node:fs/promises";
import { basename } from "node:path";
import type { SessionDocument } from "../session-document.ts";
import { bytePath, joinBytes, listNames, type BytePath } from "./byte-path.ts";
import { formatChecksums } from "./checksums.ts";
import { commitFile, stageFile, stagedPath } from "./durable-files.ts";
import { Freezer, type Modes } from "./freeze.ts";
import { openJournal } from "./journal.ts";
import {
  AGENTD,
  formatDocument,
  recordPaths,
  RUNA,
  SESSION_PATH,
  type RecordPaths,
} from "./record-layout.ts";
import { syncFileSystem } from "./sync-file-system.ts";

/** What sealing a record takes; plain data, because it goes to a worker. */
export interface SealRequest {
  /** Directory of the record. */
  readonly directory: string;
  /** The document as it ends, with its outcome; the seal fills `excluded`. */
  readonly document: SessionDocument;
  /** Time of the journal's last line, in milliseconds since the epoch. */
  readonly sealedTimeMs: number;
  /** Bytes of the agent's files that are hashed at most. */
  readonly recordLimitBytes: number;
  /** Whether only the owner may read the record. */
  readonly isPrivate: boolean;
}

const PRIVATE: Modes = { file: 0o400, directory: 0o500 };
const PUBLIC: Modes = { file: 0o444, directory: 0o555 };

/**
 * Seals a record. No process of the session may live any more, and nobody else may write the record.
 *
 * The last step, the rename of `session.json`, is the commit. When anything before it fails, the record stays
 * incomplete, and sealing it again starts over.
 *
 * @returns the document as it stands in the sealed record.
 */
export async function sealRecord(request: SealRequest): Promise<SessionDocument> {
  const paths = recordPaths(request.directory);
  const modes = request.isPrivate ? PRIVATE : PUBLIC;
  const temporary = `${paths.agentd}/link.next`;
  await rm(temporary, { force: true });
  const freezer = new Freezer({
    record: bytePath(request.directory),
    modes,
    temporary: bytePath(temporary),
    limitBytes: request.recordLimitBytes,
  });

  await freezer.freezeDirectory(bytePath(RUNA));
  // This flushes console.log too, which nobody writes any more.
  if (freezer.needsFlush) await syncFileSystem(paths.runa);
  const document = { ...request.document, excluded: freezer.excluded };
  const content = formatDocument(document);
  await Promise.all([
    endJournal(paths.journal, request.sealedTimeMs),
    stageFile(paths.session, content, modes.file),
  ]);
  await freezeOwnFiles(paths, freezer);
  await writeChecksums(paths, modes, new Map([...freezer.sums, [SESSION_PATH, sha256(content)]]));
  if (!request.isPrivate) await openToAll(paths);
  await commitFile(paths.session);
  return document;
}

/** Adds the journal's last line, which an earlier attempt may have added already; freezing the file flushes it. */
async function endJournal(path: string, timeMs: number): Promise<void> {
  const journal = await openJournal({ path, now: () => timeMs });
  if (journal.last?.state !== "sealed") await journal.append("sealed", undefined, {}, { durable: false });
}

/** Freezes agentd's files but not their directory, where the commit is still to come. */
async function freezeOwnFiles(paths: RecordPaths, freezer: Freezer): Promise<void> {
  const agentd = bytePath(AGENTD);
  const open = [paths.session, stagedPath(paths.session)].map((path) => bytePath(basename(path)));
  for (const name of listNames(bytePath(paths.agentd))) {
    if (!open.includes(name)) await freezer.freezeFile(joinBytes(agentd, name));
  }
}

async function writeChecksums(paths: RecordPaths, modes: Modes, sums: Map<BytePath, string>): Promise<void> {
  await stageFile(paths.checksums, formatChecksums(sums), modes.file);
  await commitFile(paths.checksums);
}

/** Lets everybody in, now that nothing in the record runs with its owner's rights. */
async function openToAll(paths: RecordPaths): Promise<void> {
  await chmod(paths.agentd, 0o755);
  await chmod(paths.directory, 0o755);
}

function sha256(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}
