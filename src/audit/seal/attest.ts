/**
 * The attestation of a record: its statement, signed, in the record and in the chain.
 */
import { rmSync, writeFileSync } from "node:fs";
import { stagedPath } from "../../durable-files.ts";
import type { SessionDocument } from "../../session-document.ts";
import { linesOfSession } from "../chain/chain.ts";
import { ChainWriter } from "../chain/chain-writer.ts";
import { formatBundle, signEnvelope } from "../format/dsse.ts";
import { recordPaths } from "../format/record-layout.ts";
import { type Builder, sessionStatement } from "../format/statement.ts";
import { type EvidencePaths, evidencePaths } from "../keys/evidence-paths.ts";

/** The instance that attests; plain data, because it goes to a worker. */
export interface AttesterSettings extends Builder {
  readonly stateDirectory: string;
}

export interface AttestationRequest {
  /** Directory of the record. */
  readonly directory: string;
  readonly document: SessionDocument;
  /** SHA-256 of `SHA256SUMS`, in hex. */
  readonly checksumsDigest: string;
  /** Whether an earlier seal of this record was cut short, maybe after its statement. */
  readonly isRepeated: boolean;
}

/** Attests the records of one instance. */
export class Attester {
  readonly #builder: Builder;
  readonly #paths: EvidencePaths;
  readonly #chain: ChainWriter;

  constructor({ stateDirectory, instance, version }: AttesterSettings) {
    this.#builder = { instance, version };
    this.#paths = evidencePaths(stateDirectory);
    this.#chain = new ChainWriter(this.#paths);
  }

  /** Reads the key ahead of the first attestation. */
  prepare(): void {
    this.#chain.prepare();
  }

  /**
   * Stages the attestation of a record and adds its statement to the chain. Neither is durable yet: see `sync`.
   *
   * A crash between here and the record's commit leaves a statement without a record. The next seal of that record
   * vouches for it, so that the chain has no gap and no doubt.
   */
  attest({ directory, document, checksumsDigest, isRepeated }: AttestationRequest): void {
    const staged = stagedPath(recordPaths(directory).attestation);
    this.#chain.append((place, key) => {
      const earlier = isRepeated ? linesOfSession(this.#paths.chain, document.session_id) : [];
      const supersedes = earlier.map(({ sequence, previous, statement }) => ({
        sequence,
        previous,
        statement,
      }));
      const payload = sessionStatement({
        document,
        checksumsDigest,
        builder: this.#builder,
        place,
        supersedes,
      });
      rmSync(staged, { force: true });
      // Before the chain: on a full disk this fails, and no statement exists yet.
      const bundle = formatBundle({ envelope: signEnvelope(payload, key), keyId: key.id });
      writeFileSync(staged, bundle, { flag: "wx" });
      const { session_id, profile } = document;
      return { payload, line: { kind: "session", session_id, profile } };
    });
  }

  /** Makes the statements of the chain durable. */
  async sync(): Promise<void> {
    await this.#chain.sync();
  }
}
