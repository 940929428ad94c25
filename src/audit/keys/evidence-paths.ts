/**
 * Where an instance keeps the evidence for its records: in its state directory, which no session may get.
 */
import { join } from "node:path";

/** `keys/` and `audit/` of a state directory. */
export interface EvidencePaths {
  readonly keys: string;
  /** The private key that signs now; beside it the public keys, `<key id>.pub`. */
  readonly signingKey: string;
  readonly audit: string;
  /** One line for each statement, in their order. */
  readonly chain: string;
  /** A process that writes the chain has a file here meanwhile. */
  readonly writers: string;
  /** The same for a process that adds a note to a record. */
  readonly noteWriters: string;
  /** A file for each pruning that the feed of events does not have yet. */
  readonly prunings: string;
}

export function evidencePaths(stateDirectory: string): EvidencePaths {
  const keys = join(stateDirectory, "keys");
  const audit = join(stateDirectory, "audit");
  return {
    keys,
    signingKey: join(keys, "signing.key"),
    audit,
    chain: join(audit, "chain.jsonl"),
    writers: join(audit, "writers"),
    noteWriters: join(audit, "note-writers"),
    prunings: join(audit, "prunings"),
  };
}

/** The file of a public key. */
export function publicKeyPath({ keys }: EvidencePaths, keyId: string): string {
  return join(keys, `${keyId}.pub`);
}
