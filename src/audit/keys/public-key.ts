/**
 * The public keys of an instance: their ids and the forms in which other programs want them.
 */
import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../../errors.ts";

/** The bytes of an Ed25519 key itself, at the end of every encoding. */
const RAW_KEY_BYTES = 32;
const SSH_TYPE = "ssh-ed25519";
const KEY_FILE = /^([0-9a-f]{64})\.pub$/;

/** The id of a key: SHA-256 of its SubjectPublicKeyInfo in DER, in hex. */
export function keyIdOf(key: KeyObject): string {
  return createHash("sha256").update(derOf(key)).digest("hex");
}

/** The form that openssl and cosign want. */
export function pemOf(key: KeyObject): string {
  return key.export({ type: "spki", format: "pem" }).toString();
}

/** The form that ssh wants, without a comment: `ssh-ed25519 AAAA…`. */
export function sshFormOf(key: KeyObject): string {
  const blob = Buffer.concat([Buffer.from(SSH_TYPE), derOf(key).subarray(-RAW_KEY_BYTES)].map(withLength));
  return `${SSH_TYPE} ${blob.toString("base64")}`;
}

/** The keys in a directory of keys, by their ids. A file whose name is not the id of its key is ignored. */
export function readPublicKeys(directory: string): ReadonlyMap<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const name of namesIn(directory)) {
    const [, id] = KEY_FILE.exec(name) ?? [];
    const key = id === undefined ? undefined : parsePublicKey(readFileSync(join(directory, name)));
    if (key !== undefined && keyIdOf(key) === id) keys.set(id, key);
  }
  return keys;
}

/** The key in a PEM text; undefined when there is no Ed25519 key in it. */
export function parsePublicKey(pem: string | Buffer): KeyObject | undefined {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === "ed25519" ? key : undefined;
  } catch {
    // The caller takes it for an unknown key.
    return undefined;
  }
}

function derOf(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" });
}

function withLength(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return Buffer.concat([length, part]);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}
