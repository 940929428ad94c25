/** Verifying the record that came from a node: sealed by the key that was named when the session was claimed. */
import { createPublicKey } from "node:crypto";
import { lstatSync } from "node:fs";
import { AgentdError, sentence } from "../../errors.ts";
import { openRegularFile, readRegularFile } from "../../regular-file.ts";
import type { SessionDocument } from "../../session-document.ts";
import { isSignedBy, parseBundle } from "../format/dsse.ts";
import { recordPaths } from "../format/record-layout.ts";
import { sha256 } from "../format/statement.ts";
import { readSessionStatement } from "../format/statement-schema.ts";
import { keyIdOf } from "../keys/public-key.ts";
import { readDocument } from "../read/query.ts";
import { compareFiles } from "./verify-files.ts";

/** A statement has names and digests only. */
const MOST_ATTESTATION_BYTES = 1024 * 1024;

export interface NodeRecord {
  readonly document: SessionDocument;
  /** Id of the key that sealed it. */
  readonly keyId: string;
  /** SHA-256 of its statement, in hex. */
  readonly statement: string;
}

/**
 * Verifies a node's record: its files against the sums, the sums against the statement, the statement against the key.
 *
 * @param sealKey SPKI in DER, base64, as the claim has it.
 * @throws AgentdError `record_altered` when it is not what the session's own agentd has sealed.
 */
export async function verifyNodeRecord(
  directory: string,
  { sessionId, sealKey }: { readonly sessionId: string; readonly sealKey: string },
): Promise<NodeRecord> {
  const altered = (why: string, cause?: unknown): AgentdError =>
    new AgentdError("record_altered", {
      ...{ tried: `accept the node's record of session ${sessionId}`, why, cause },
      next: "Look at the node: somebody may have changed it there, or on its way.",
    });
  try {
    const paths = recordPaths(directory);
    if (!lstatSync(directory).isDirectory()) throw new Error("it is no directory");
    const key = createPublicKey({ key: Buffer.from(sealKey, "base64"), format: "der", type: "spki" });
    const bundle = parseBundle(await readRegularFile(paths.attestation, MOST_ATTESTATION_BYTES));
    if (bundle === undefined || bundle.keyId !== keyIdOf(key) || !isSignedBy(bundle.envelope, key))
      throw altered("it is not signed with the key that was named when the session was claimed");
    const statement = readSessionStatement(bundle.envelope.payload);
    if (statement?.sessionId !== sessionId) throw altered("its statement is not about this session");
    const document = await readDocument(directory);
    const sums = await openRegularFile(paths.checksums);
    const compared = await compareFiles(directory, sums.fd, document).finally(() => sums.close());
    if (compared.checksumsDigest !== statement.checksumsDigest)
      throw altered("SHA256SUMS differs from what was signed");
    const [first] = compared.problems;
    if (first !== undefined) throw altered(`${first.path}: ${first.problem}`);
    if (document.session_id !== sessionId || document.outcome === null)
      throw altered("session.json is not that of the session, or has no outcome");
    return { document, keyId: bundle.keyId, statement: sha256(bundle.envelope.payload) };
  } catch (error) {
    if (error instanceof AgentdError && error.code === "record_altered") throw error;
    throw altered(`it cannot be read as a record: ${sentence(error)}`, error);
  }
}
