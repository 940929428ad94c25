/**
 * Replacing the key that signs. Old records stay verifiable: public keys are kept, and the old key signs the hand-over.
 */
import { syncDirectory } from "../../durable-files.ts";
import { envelopeJson, signEnvelope } from "../format/dsse.ts";
import { keyStatement } from "../format/statement.ts";
import type { EvidencePaths } from "../keys/evidence-paths.ts";
import { type SigningKey, stageSigningKey } from "../keys/signing-key.ts";
import { ChainWriter } from "./chain-writer.ts";

/**
 * Makes a new key and hands over to it, durably, also beside a running daemon. The old private key is destroyed.
 *
 * The line in the chain is what counts: a crash before it changes nothing, and after it, the next signer
 * completes the rotation.
 *
 * @returns the new key.
 * @throws AgentdError `signing_key_unusable` or `chain_unusable`; the old key stays in use then.
 */
export async function rotateKey(paths: EvidencePaths): Promise<SigningKey> {
  const chain = new ChainWriter(paths);
  chain.append((place, key) => {
    const next = stageSigningKey(paths);
    const payload = keyStatement(next, place);
    const envelope = envelopeJson(signEnvelope(payload, key));
    return { payload, line: { kind: "key", next_key: next.id, envelope } };
  });
  await syncDirectory(paths.keys);
  await chain.sync();
  return chain.key();
}
