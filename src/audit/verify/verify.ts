/**
 * Verifying a record, without a daemon: its files against the sums, the sums against the statement, the statement
 * against the keys and the chain of this instance.
 */
import { lstatSync } from "node:fs";
import { AgentdError, sentence, systemCode } from "../../errors.ts";
import { NotRegularFileError, openRegularFile, readRegularFile } from "../../regular-file.ts";
import type { SessionDocument } from "../../session-document.ts";
import type { Evidence } from "../chain/evidence.ts";
import { journalFault } from "../format/journal.ts";
import {
  ATTESTATION,
  CHECKSUMS,
  JOURNAL_PATH,
  type RecordPaths,
  recordPaths,
  SESSION_PATH,
} from "../format/record-layout.ts";
import { ANY_DOCUMENT_BYTES, readDocument, type RecordPlace } from "../read/query.ts";
import type { RecordProblem, Verification } from "./verification.ts";
import { type AttestationVerdict, verifyAttestation } from "./verify-attestation.ts";
import { type ComparedFiles, compareFiles } from "./verify-files.ts";
import { noteProblems } from "./verify-notes.ts";

/** A statement has names and digests only. */
const MOST_ATTESTATION_BYTES = 1024 * 1024;

/**
 * Verifies a record. Only reads, and follows no link.
 *
 * @param part name of the directory in the record whose files are read, together with the seal; default: all files.
 * @throws AgentdError `record_unusable` when the record is not there or cannot be read, or its bytes are as they were
 *   sealed and this agentd still does not understand them.
 */
export async function verifyRecord(
  place: RecordPlace,
  evidence: Evidence,
  part?: string,
): Promise<Verification> {
  const { directory } = place;
  if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) {
    throw unusable(directory, "there is no such directory");
  }
  try {
    return await verifyPlace(place, evidence, part);
  } catch (error) {
    if (error instanceof AgentdError || systemCode(error) === undefined) throw error;
    throw unusable(directory, sentence(error), error);
  }
}

async function verifyPlace(
  place: RecordPlace,
  evidence: Evidence,
  part: string | undefined,
): Promise<Verification> {
  const { directory } = place;
  const paths = recordPaths(directory);
  const document = await documentOrError(directory);
  const hasAttestation = isThere(paths.attestation);
  const hasChecksums = isThere(paths.checksums);
  const unreadable = document instanceof AgentdError;

  if (unreadable ? !hasChecksums && !hasAttestation : document.outcome === null) {
    const verification = await verifyUnsealed(place, { document, isAttested: hasAttestation }, evidence);
    const isSuspect = verification.status === "altered";
    // Sealed by the daemon while it was looked at.
    return isSuspect && (await isSealed(directory)) ? await verifyPlace(place, evidence, part) : verification;
  }
  const attestation = await orFault(readRegularFile(paths.attestation, MOST_ATTESTATION_BYTES));
  if (typeof attestation === "string") return altered(ATTESTATION, attestation);
  const readable = unreadable ? undefined : document;
  const compared = await compareWithSums(paths, readable, part);
  const checksumsDigest = typeof compared === "string" ? undefined : compared.checksumsDigest;
  const verdict = verifyAttestation(place, { attestation, checksumsDigest }, evidence);
  if (typeof compared === "string") return { ...altered(CHECKSUMS, compared), ...signatureOf(verdict) };
  // Where the key is unknown, so is the chain that the notes are in.
  const notes =
    part !== undefined || verdict.status === "unknown_key" ? [] : await noteProblems(place, evidence);
  const problems = [...compared.problems, ...identityProblems(place, readable), ...notes];
  const { files } = compared;
  if (problems.length > 0 || verdict.status === "altered") {
    return {
      status: "altered",
      problems: [...problems, ...verdict.problems],
      files,
      ...signatureOf(verdict),
    };
  }
  if (unreadable) throw document;
  return { status: verdict.status, problems: verdict.problems, files, ...signatureOf(verdict) };
}

/** What is wrong with `SHA256SUMS` itself, in words, when it cannot be read as a file. */
async function compareWithSums(
  { directory, checksums }: RecordPaths,
  document: SessionDocument | undefined,
  part: string | undefined,
): Promise<ComparedFiles | string> {
  const file = await orFault(openRegularFile(checksums));
  if (typeof file === "string") return file;
  try {
    return await compareFiles(directory, file.fd, document, part);
  } finally {
    await file.close();
  }
}

interface Unsealed {
  readonly document: SessionDocument | AgentdError;
  readonly isAttested: boolean;
}

/** A record that does not say how its session ended: open, cut short, or made to look so. */
async function verifyUnsealed(
  { id, directory }: RecordPlace,
  { document, isAttested }: Unsealed,
  { chain, isOpen }: Evidence,
): Promise<Verification> {
  const path = SESSION_PATH;
  const journal = await journalFault(recordPaths(directory).journal);
  if (journal !== undefined && isThere(recordPaths(directory).journal)) return altered(JOURNAL_PATH, journal);
  if (document instanceof AgentdError) return incomplete(document.message);
  // A daemon has the record, or will take it: a seal that was cut short has left its files, and is made again.
  if (isOpen(id)) return incomplete("has no outcome: the session is open");
  if (isAttested) return altered(path, "has no outcome, though the record was sealed");
  if (chain.linesOf(id).length > 0) {
    return altered(path, "has no outcome, though the chain has the statement of its seal: an older copy");
  }
  return incomplete("has no outcome, and no daemon will continue the session");
}

/** A complete record under another name is not the record of that name. */
function identityProblems(place: RecordPlace, document: SessionDocument | undefined): RecordProblem[] {
  if (document === undefined) return [];
  const { session_id: id, profile } = document;
  if (id === place.id && profile === place.profile) return [];
  return [{ path: SESSION_PATH, problem: `is of session ${id} of profile ${profile}` }];
}

function signatureOf({ statement, keyId }: AttestationVerdict): Pick<Verification, "statement" | "key_id"> {
  return { statement, key_id: keyId };
}

function incomplete(problem: string): Verification {
  return { status: "incomplete", problems: [{ path: SESSION_PATH, problem }], ...NOT_SEALED };
}

function altered(path: string, problem: string): Verification {
  return { status: "altered", problems: [{ path, problem }], ...NOT_SEALED };
}

const NOT_SEALED = { files: 0, statement: null, key_id: null };

async function isSealed(directory: string): Promise<boolean> {
  const document = await documentOrError(directory);
  return !(document instanceof AgentdError) && document.outcome !== null;
}

async function documentOrError(directory: string): Promise<SessionDocument | AgentdError> {
  try {
    return await readDocument(directory, ANY_DOCUMENT_BYTES);
  } catch (error) {
    if (error instanceof AgentdError) return error;
    throw error;
  }
}

/** A file's fault in words, when it is missing or not a file. */
async function orFault<T extends object>(reading: Promise<T>): Promise<T | string> {
  try {
    return await reading;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "missing";
    if (error instanceof NotRegularFileError) return "not a regular file";
    throw error;
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function unusable(directory: string, why: string, cause?: unknown): AgentdError {
  return new AgentdError("record_unusable", {
    tried: `verify ${directory}`,
    why,
    next: "List the records with `agentd audit ls`, and check that this user can read them.",
    cause,
  });
}
