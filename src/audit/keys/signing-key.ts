/**
 * The private key that signs an instance's statements: made at the first start, replaced by a rotation.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { commitFile, ensureDirectory, stagedPath } from "../../durable-files.ts";
import { AgentdError, sentence, systemCode } from "../../errors.ts";
import { type EvidencePaths, publicKeyPath } from "./evidence-paths.ts";
import { keyIdOf, pemOf } from "./public-key.ts";

/** A key in memory; the value itself never leaves this object. */
export class SigningKey {
  readonly id: string;
  readonly publicKey: KeyObject;
  readonly #privateKey: KeyObject;

  constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    this.publicKey = createPublicKey(privateKey);
    this.id = keyIdOf(this.publicKey);
  }

  /** An Ed25519 signature. */
  sign(data: Buffer): Buffer {
    return sign(null, data, this.#privateKey);
  }
}

/** Makes the key of an instance that has none yet; an existing one is kept. */
export async function ensureSigningKey(paths: EvidencePaths): Promise<void> {
  await ensureDirectory(paths.keys, 0o700);
  if (existsSync(paths.signingKey)) return;
  stageSigningKey(paths);
  await commitFile(paths.signingKey);
}

/**
 * Makes a key, durably, that will be the signing key once it is committed: by `commitFile`, or by `loadSigningKey` when
 * the chain says so. Its public half is there at once.
 */
export function stageSigningKey(paths: EvidencePaths): SigningKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  const key = new SigningKey(privateKey);
  writePrivately(publicKeyPath(paths, key.id), pemOf(key.publicKey));
  const staged = stagedPath(paths.signingKey);
  rmSync(staged, { force: true });
  writePrivately(staged, privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  return key;
}

/**
 * Loads the key that signs.
 *
 * @param expectedId the key that the chain handed over to last; undefined while it has not. A rotation that was cut
 *   short after its statement is completed here.
 * @throws AgentdError `signing_key_unusable`.
 */
export function loadSigningKey(paths: EvidencePaths, expectedId: string | undefined): SigningKey {
  const current = readSigningKey(paths.signingKey);
  if (expectedId === undefined || current.id === expectedId) return current;
  const staged = readStagedKey(paths);
  // A key that the chain never named: of a rotation that did not happen, or after a loss, which verification reports.
  if (staged?.id !== expectedId) return current;
  renameSync(stagedPath(paths.signingKey), paths.signingKey);
  return staged;
}

function readStagedKey(paths: EvidencePaths): SigningKey | undefined {
  try {
    return readSigningKey(stagedPath(paths.signingKey));
  } catch (error) {
    if (error instanceof AgentdError && systemCode(error.cause) === "ENOENT") return undefined;
    throw error;
  }
}

function readSigningKey(path: string): SigningKey {
  try {
    return new SigningKey(createPrivateKey(readPrivately(path)));
  } catch (cause) {
    const missing = systemCode(cause) === "ENOENT";
    throw new AgentdError("signing_key_unusable", {
      tried: `sign with ${path}`,
      why: missing ? "there is no such file" : sentence(cause),
      next: missing
        ? "The daemon creates the key when it first starts. Restore a lost key from a backup."
        : `Make it a file that only its owner can read: chmod 600 ${path}.`,
      cause,
    });
  }
}

function readPrivately(path: string): Buffer {
  const fd = openSync(path, "r");
  try {
    const mode = fstatSync(fd).mode & 0o777;
    if ((mode & 0o077) !== 0) throw new Error(`other users can read it: its mode is 0${mode.toString(8)}`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes a file that only its owner may read, durably. */
function writePrivately(path: string, content: string): void {
  const fd = openSync(path, "wx", 0o600);
  try {
    writeFileSync(fd, content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
