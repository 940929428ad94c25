import { createHash, KeyObject, webcrypto, X509Certificate } from "node:crypto";
import { chmod } from "node:fs/promises";
import { writeNewFile } from "../../durable-files.ts";
import { readIfThere } from "../../if-there.ts";

/** A key and the certificate that it has signed for itself; both ends of the channel have one. PEM. */
export interface Identity {
  readonly key: string;
  readonly certificate: string;
}

/** Not Ed25519: Node 20 calls that experimental, and says so on standard error. */
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
/** RFC 5280: no end. The other side knows the key, not how old it is. */
const NEVER = new Date("9999-12-31T23:59:59Z");

/** Makes a new one. */
export async function makeIdentity(): Promise<Identity> {
  // Loaded for the first certificate alone; the library needs the other before itself.
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: "01",
      name: "CN=agentd",
      notBefore: new Date(0),
      notAfter: NEVER,
      signingAlgorithm: ALGORITHM,
      keys,
    },
    webcrypto,
  );
  const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" });
  return { key: String(key), certificate: certificate.toString("pem") };
}

/** The one in a file, made at the first time; only its owner may read the file. */
export async function keepIdentity(path: string): Promise<Identity> {
  const found = await readIfThere(path);
  if (found === undefined) {
    const { key, certificate } = await makeIdentity();
    await writeNewFile(path, `${key.trim()}\n${certificate.trim()}\n`);
    return { key, certificate };
  }
  await chmod(path, 0o600);
  const at = found.indexOf("-----BEGIN CERTIFICATE-----");
  return { key: found.slice(0, at), certificate: found.slice(at) };
}

/** SHA-256 of a certificate, as 64 hex digits: what the other side is told beforehand. */
export function fingerprintOf(certificate: string | Buffer): string {
  return sha256(new X509Certificate(certificate).raw);
}

/** SHA-256 of the public key in a certificate, as 64 hex digits. */
export function keyOf(certificate: X509Certificate): string {
  return sha256(certificate.publicKey.export({ type: "spki", format: "der" }));
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
