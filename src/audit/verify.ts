/**
 * Proving a record, without a daemon: its files against the sums, the sums against the statement, the statement against
 * the keys and the chain of this instance.
 */
import { lstatSync, readFileSync } from "node:fs";
import { AgentdError, sentence, systemCode } from "../errors.ts";
import type { SessionDocument } from "../session-document.ts";
import { parseChecksums } from "./checksums.ts";
import type { Evidence } from "./evidence.ts";
import { journalFault } from "./journal.ts";
import { readDocument, type RecordPlace } from "./query.ts";
import { ATTESTATION, CHECKSUMS, JOURNAL_PATH, recordPaths, SESSION_PATH } from "./record-layout.ts";
import { verifyAttestation, type AttestationVerdict } from "./verify-attestation.ts";
import { compareFiles } from "./verify-files.ts";
import type { RecordProblem, Verification } from "./verification.ts";

/**
 * Verifies a record. Only reads, and follows nothing out of it.
 *
 * @throws AgentdError `record_unusable` when the record is not there or cannot be read, or its bytes are as they were
 *   sealed and this agentd still does not understand them.
 */
export async function verifyRecord(place: RecordPlace, evidence: Evidence): Promise<Verification> {
  const { directory } = place;
  if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) {
    throw unusable(directory, "there is no such directory");
  }
  try {
    return await judge(place, evidence);
  } catch (error) {
    if (error instanceof AgentdError || systemCode(error) === undefined) throw error;
    throw unusable(directory, sentence(error), error);
  }
}

async function judge(place: RecordPlace, evidence: Evidence): Promise<Verification> {
  const { directory } = place;
  const paths = recordPaths(directory);
  const document = await documentOrError(directory);
  const attestation = contentOf(paths.attestation);
  const checksums = contentOf(paths.checksums);
  const unreadable = document instanceof AgentdError;

  if (unreadable ? checksums === undefined && attestation === undefined : document.outcome === null) {
    const verification = await verifyUnsealed(
      place,
      { document, isAttested: attestation !== undefined },
      evidence,
    );
    const isSuspect = verification.status === "altered";
    // Sealed by the daemon while it was looked at.
    return isSuspect && (await isSealed(directory)) ? await judge(place, evidence) : verification;
  }
  if (attestation === undefined) return altered(ATTESTATION, "missing");
  const verdict = verifyAttestation(place, { attestation, checksums }, evidence);
  if (checksums === undefined) return { ...altered(CHECKSUMS, "missing"), ...signatureOf(verdict) };
  const { sums, badLines } = parseChecksums(checksums);
  const readable = unreadable ? undefined : document;
  const problems = [
    ...(await compareFiles(directory, { sums, badLines }, readable)),
    ...identityProblems(place, readable),
  ];
  const files = sums.size;
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
  if (journal !== undefined && !isMissing(recordPaths(directory).journal))
    return altered(JOURNAL_PATH, journal);
  if (document instanceof AgentdError) return incomplete(document.message);
  // A daemon has it, or will: a seal that was cut short has left its files, and is made again.
  if (isOpen(id)) return incomplete("has no outcome: the session is open");
  if (isAttested) return altered(path, "has no outcome, though the record was sealed");
  if (chain.linesOf(id).length > 0) {
    return altered(path, "has no outcome, though the chain has the statement of its seal: an older copy");
  }
  return incomplete("has no outcome, and no daemon will go on with it");
}

/** A whole record under another name is not the record of that name. */
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
    return await readDocument(directory);
  } catch (error) {
    if (error instanceof AgentdError) return error;
    throw error;
  }
}

/** Undefined when there is no such file, or it is not a file of its own. */
function contentOf(path: string): Buffer | undefined {
  if (isMissing(path)) return undefined;
  return readFileSync(path);
}

function isMissing(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true;
}

function unusable(directory: string, why: string, cause?: unknown): AgentdError {
  return new AgentdError("record_unusable", {
    tried: `verify ${directory}`,
    why,
    next: "See the records with agentd audit ls, and that this user may read them.",
    cause,
  });
}
