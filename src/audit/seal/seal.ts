/**
 * Sealing: makes a finished record final. `SHA256SUMS` covers every byte of it, and a signature covers `SHA256SUMS`.
 */
import { closeSync, openSync, unlinkSync } from "node:fs";
import { chmod, rename, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { allEnded } from "../../all-ended.ts";
import { commitFile, stagedPath, stageFile, syncDirectory, syncFile } from "../../durable-files.ts";
import type { SessionDocument } from "../../session-document.ts";
import { syncFileSystem } from "../../sync-file-system.ts";
import { bytePath } from "../../trees/byte-path.ts";
import { removeTree } from "../../trees/remove-tree.ts";
import { TreeEntry } from "../../trees/tree-entry.ts";
import { ChecksumLines, writeChecksums } from "../format/checksums.ts";
import { openJournal, readJournal } from "../format/journal.ts";
import { formatDocument, type RecordPaths, recordPaths, RUNA } from "../format/record-layout.ts";
import { sha256 } from "../format/statement.ts";
import type { Attester } from "./attest.ts";
import type { Modes } from "./copied-directory.ts";
import { COPY_BOUNDS, type CopyBounds, TreeCopy } from "./copy-tree.ts";
import type { ExcludedList } from "./excluded-list.ts";
import { freezeOwnTrees } from "./own-trees.ts";
import { copyPath, removeReplacedTree, swapTrees, undoSwap } from "./swap-tree.ts";

/** The input of a seal; plain data, because it goes to a worker. */
export interface SealRequest {
  /** Directory of the record. */
  readonly directory: string;
  /** The document as it ends, with its outcome; the seal fills `excluded` and `excluded_count`. */
  readonly document: SessionDocument;
  /** Time of the journal's last line, in milliseconds since the epoch. */
  readonly sealedTimeMs: number;
  /** Bytes of the agent's files and of their paths that the record gets at most. */
  readonly recordLimitBytes: number;
  /** The other bounds of the record. Default: `COPY_BOUNDS`. */
  readonly bounds?: Partial<CopyBounds> | undefined;
  /** Whether only the owner may read the record. */
  readonly isPrivate: boolean;
}

const PRIVATE: Modes = { file: 0o400, directory: 0o500 };
const PUBLIC: Modes = { file: 0o444, directory: 0o555 };

/**
 * Seals a record. Nobody may write agentd's part of it. What the container had as `.runa` may still be written, by
 * another session that was handed a descriptor of it: the record gets a copy that no container ever had.
 *
 * The last step, the rename of `session.json`, is the commit. When anything before it fails, the record stays
 * incomplete, and sealing it again starts over.
 *
 * @param attester of the instance whose record it is.
 * @returns the document as the sealed record has it.
 */
export async function sealRecord(request: SealRequest, attester: Attester): Promise<SessionDocument> {
  const { directory } = request;
  await undoSwap(directory);
  try {
    const document = await sealCopy(request, attester);
    await removeReplacedTree(directory);
    return document;
  } catch (error) {
    // Half a copy on a full disk would take the room that the report of the failure needs.
    await removeTree(copyPath(directory)).catch(() => undefined);
    throw error;
  }
}

async function sealCopy(request: SealRequest, attester: Attester): Promise<SessionDocument> {
  const paths = recordPaths(request.directory);
  const modes = request.isPrivate ? PRIVATE : PUBLIC;
  const newLines = (): ChecksumLines => new ChecksumLines(() => openUnnamed(`${paths.checksums}.lines`));
  // In the order of the paths: agentd's own before the agent's, the agent's, and agentd's own after them.
  using before = newLines();
  using agents = newLines();
  using after = newLines();
  const excluded = await copyTree(request, paths, modes, agents);
  const document = {
    ...request.document,
    excluded: [...excluded.listed],
    excluded_count: excluded.count,
  };
  const content = formatDocument(document);
  const [isRepeated] = await allEnded([
    endJournal(paths.journal, request.sealedTimeMs),
    stageFile(paths.session, content, modes.file),
  ]);
  const session = sha256(content);
  await freezeOwnTrees(paths, { modes, session, sumsFor: (tree) => (tree < RUNA ? before : after) });
  const checksumsDigest = await stageChecksums(paths, [before, agents, after]);
  attester.attest({ directory: request.directory, document, checksumsDigest, isRepeated });
  await commitProof(paths, modes, attester);
  if (!request.isPrivate) await openToAll(paths);
  await commitFile(paths.session);
  return document;
}

/** Copies what the agent left; the copy is durable when this resolves. */
async function copyTree(
  { directory, recordLimitBytes, bounds }: SealRequest,
  paths: RecordPaths,
  modes: Modes,
  sums: ChecksumLines,
): Promise<ExcludedList> {
  using copy = new TreeCopy({ modes, sums, bounds: { ...COPY_BOUNDS, bytes: recordLimitBytes, ...bounds } });
  using record = TreeEntry.root(directory);
  using source = record.open(bytePath(RUNA));
  const name = bytePath(basename(copyPath(directory)));
  record.makeDirectory(name);
  using target = record.open(name);
  await copy.copy(source, target, bytePath(RUNA));
  // This flushes console.log too, which no process writes any more.
  if (!copy.flush()) await syncFileSystem(paths.agentd);
  return copy.excluded;
}

/** A file that is gone when it is closed. */
function openUnnamed(path: string): number {
  const file = openSync(path, "wx+", 0o600);
  unlinkSync(path);
  return file;
}

/**
 * Adds the journal's last line, which an earlier attempt may have added already; freezing the file flushes it.
 *
 * @returns whether an earlier attempt came this far.
 */
async function endJournal(path: string, timeMs: number): Promise<boolean> {
  const journal = await openJournal({ path, now: () => timeMs });
  const { entries } = await readJournal(path);
  if (journal.last?.state !== "sealed") await journal.append("sealed", undefined, {}, { durable: false });
  return entries.some(({ state }) => state === "sealed");
}

/**
 * Writes the sums before the statement about them; they become durable together with the attestation.
 *
 * @param lines in the order of their paths.
 * @returns the SHA-256 of the file.
 */
async function stageChecksums(paths: RecordPaths, lines: readonly ChecksumLines[]): Promise<string> {
  const staged = stagedPath(paths.checksums);
  await rm(staged, { force: true });
  const file = openSync(staged, "wx");
  try {
    return writeChecksums(file, concat(lines));
  } finally {
    closeSync(file);
  }
}

function* concat(lines: readonly ChecksumLines[]): Generator<Buffer> {
  for (const each of lines) yield* each.chunks();
}

/** Puts the copy, the sums and the attestation in their places, durably; their statement is durable before. */
async function commitProof(paths: RecordPaths, modes: Modes, attester: Attester): Promise<void> {
  const files = [paths.checksums, paths.attestation];
  for (const file of files) await chmod(stagedPath(file), modes.file);
  await Promise.all([...files.map((file) => syncFile(stagedPath(file))), attester.sync()]);
  await swapTrees(paths.directory);
  for (const file of files) await rename(stagedPath(file), file);
  await Promise.all([syncDirectory(paths.directory), syncDirectory(dirname(paths.directory))]);
}

/** Opens the record to all users, now that nothing in it runs with its owner's rights. */
async function openToAll(paths: RecordPaths): Promise<void> {
  await chmod(paths.agentd, 0o755);
  await chmod(paths.directory, 0o755);
}
