/**
 * Sealing: from a record that is written to one whose every byte `SHA256SUMS` vouches for, and a signature for that.
 */
import { chmod, rename, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import type { SessionDocument } from "../session-document.ts";
import { allEnded } from "./all-ended.ts";
import { bytePath, joinBytes, listNames } from "../trees/byte-path.ts";
import { formatChecksums } from "./checksums.ts";
import { commitFile, stageFile, stagedPath, syncDirectory, syncFile } from "../durable-files.ts";
import type { Attester } from "./attest.ts";
import { Freezer, type Modes } from "./freeze.ts";
import { openJournal, readJournal } from "./journal.ts";
import {
  AGENTD,
  formatDocument,
  recordPaths,
  RUNA,
  SESSION_PATH,
  type RecordPaths,
} from "./record-layout.ts";
import { sha256 } from "./statement.ts";
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
 * @param attester of the instance whose record it is.
 * @returns the document as it stands in the sealed record.
 */
export async function sealRecord(request: SealRequest, attester: Attester): Promise<SessionDocument> {
  const paths = recordPaths(request.directory);
  const modes = request.isPrivate ? PRIVATE : PUBLIC;
  const temporary = `${paths.agentd}/link.next`;
  await rm(temporary, { force: true });
  const options = {
    record: bytePath(request.directory),
    modes,
    temporary: bytePath(temporary),
    limitBytes: request.recordLimitBytes,
  };

  const agent = new Freezer(options);
  await agent.freezeDirectory(bytePath(RUNA));
  // This flushes console.log too, which nobody writes any more.
  if (agent.needsFlush) await syncFileSystem(paths.runa);
  const document = { ...request.document, excluded: agent.excluded };
  const content = formatDocument(document);
  const [isRepeated] = await allEnded([
    endJournal(paths.journal, request.sealedTimeMs),
    stageFile(paths.session, content, modes.file),
  ]);
  const own = new Freezer(options);
  await freezeOwnFiles(paths, own);
  const sums = new Map([...agent.sums, ...own.sums, [SESSION_PATH, sha256(content)]]);
  const checksums = formatChecksums(sums);
  await stageChecksums(paths, checksums);
  attester.attest({ directory: request.directory, document, checksums, isRepeated });
  await commitProof(paths, modes, attester);
  if (!request.isPrivate) await openToAll(paths);
  await commitFile(paths.session);
  return document;
}

/**
 * Adds the journal's last line, which an earlier attempt may have added already; freezing the file flushes it.
 *
 * @returns whether there was an earlier attempt that came this far.
 */
async function endJournal(path: string, timeMs: number): Promise<boolean> {
  const journal = await openJournal({ path, now: () => timeMs });
  const { entries } = await readJournal(path);
  if (journal.last?.state !== "sealed") await journal.append("sealed", undefined, {}, { durable: false });
  return entries.some(({ state }) => state === "sealed");
}

/** Freezes agentd's files but not their directory, where the commit is still to come. */
async function freezeOwnFiles(paths: RecordPaths, freezer: Freezer): Promise<void> {
  const agentd = bytePath(AGENTD);
  const open = [paths.session, stagedPath(paths.session)].map((path) => bytePath(basename(path)));
  for (const name of listNames(bytePath(paths.agentd))) {
    if (!open.includes(name)) await freezer.freezeFile(joinBytes(agentd, name));
  }
}

/** Writes the sums before anything is said about them; they are made durable together with the attestation. */
async function stageChecksums(paths: RecordPaths, checksums: Buffer): Promise<void> {
  const staged = stagedPath(paths.checksums);
  await rm(staged, { force: true });
  await writeFile(staged, checksums, { flag: "wx" });
}

/** Puts the sums and the attestation in their places, durably; their statement is durable before. */
async function commitProof(paths: RecordPaths, modes: Modes, attester: Attester): Promise<void> {
  const files = [paths.checksums, paths.attestation];
  for (const file of files) await chmod(stagedPath(file), modes.file);
  await Promise.all([...files.map((file) => syncFile(stagedPath(file))), attester.sync()]);
  for (const file of files) await rename(stagedPath(file), file);
  await syncDirectory(paths.directory);
}

/** Lets everybody in, now that nothing in the record runs with its owner's rights. */
async function openToAll(paths: RecordPaths): Promise<void> {
  await chmod(paths.agentd, 0o755);
  await chmod(paths.directory, 0o755);
}
