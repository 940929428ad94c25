/**
 * Signed statements: a DSSE envelope, and the Sigstore bundle (v0.3) that carries one in a record.
 */
import { type KeyObject, verify } from "node:crypto";
import type { SigningKey } from "../keys/signing-key.ts";

const PAYLOAD_TYPE = "application/vnd.in-toto+json";
const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";

/** A statement's bytes and their signature. */
export interface Envelope {
  readonly payload: Buffer;
  readonly signature: Buffer;
}

/** An envelope as JSON. It names no key: cosign takes a name for a fingerprint of its own making. */
export interface EnvelopeJson {
  readonly payload: string;
  readonly payloadType: typeof PAYLOAD_TYPE;
  readonly signatures: readonly [{ readonly sig: string }];
}

export interface Bundle {
  readonly envelope: Envelope;
  readonly keyId: string;
}

/** Signs a statement. */
export function signEnvelope(payload: Buffer, key: SigningKey): Envelope {
  return { payload, signature: key.sign(preAuthEncoding(payload)) };
}

/** Whether the signature is that key's. */
export function isSignedBy({ payload, signature }: Envelope, key: KeyObject): boolean {
  return verify(null, preAuthEncoding(payload), key, signature);
}

export function envelopeJson({ payload, signature }: Envelope): EnvelopeJson {
  return {
    payload: payload.toString("base64"),
    payloadType: PAYLOAD_TYPE,
    signatures: [{ sig: signature.toString("base64") }],
  };
}

/** The envelope in a JSON value; undefined when it is not exactly as `envelopeJson` makes it. */
export function parseEnvelope(value: unknown): Envelope | undefined {
  const { payload, signatures } = fields(value);
  const sig = fields(Array.isArray(signatures) ? signatures[0] : undefined)["sig"];
  if (typeof payload !== "string" || typeof sig !== "string") return undefined;
  const envelope = { payload: Buffer.from(payload, "base64"), signature: Buffer.from(sig, "base64") };
  return JSON.stringify(value) === JSON.stringify(envelopeJson(envelope)) ? envelope : undefined;
}

/** The bytes of a bundle. */
export function formatBundle({ envelope, keyId }: Bundle): Buffer {
  const bundle = {
    mediaType: BUNDLE_TYPE,
    verificationMaterial: { publicKey: { hint: keyId } },
    dsseEnvelope: envelopeJson(envelope),
  };
  return Buffer.from(`${JSON.stringify(bundle)}\n`);
}

/**
 * Reads a bundle; undefined when it is not, byte for byte, as `formatBundle` makes it: what the signature does not cover
 * has one form only, so that no byte can be changed unnoticed.
 */
export function parseBundle(content: Buffer): Bundle | undefined {
  const { verificationMaterial, dsseEnvelope } = fields(parseJson(content));
  const keyId = fields(fields(verificationMaterial)["publicKey"])["hint"];
  const envelope = parseEnvelope(dsseEnvelope);
  if (typeof keyId !== "string" || envelope === undefined) return undefined;
  const bundle = { envelope, keyId };
  return formatBundle(bundle).equals(content) ? bundle : undefined;
}

/** What is signed: the type and the bytes, each with its length. */
function preAuthEncoding(payload: Buffer): Buffer {
  const head = `DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString("utf8"));
  } catch {
    // The caller reports it.
    return undefined;
  }
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
