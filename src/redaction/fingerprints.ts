/**
 * What a reader knows of a session's credentials: enough to find their values in what the session has printed, and not
 * the values.
 *
 * A form is one way to write a value: as it is, in base64, in a URL. Line ends do not count: neither in a form, nor in
 * what is searched.
 */

/** A value shorter than this is not replaced: it would be found in too much that is no credential. */
export const LEAST_BYTES = 8;

/** How many line ends in a row may stand within a value that is found. */
export const MOST_LINE_ENDS = 16;

/** One form of one value. */
export interface Fingerprint {
  /** Of the variable. */
  readonly name: string;
  /** Bytes of the form, line ends not counted. */
  readonly length: number;
  /** Rolling hash of the first `LEAST_BYTES` bytes. */
  readonly start: number;
  /** Hashes of the first 16, 32, 64, … bytes, as far as the form is longer: they give up early what only begins alike. */
  readonly checks: readonly number[];
  /** HMAC-SHA256 of the form with the salt, the first 16 bytes in hexadecimal digits. */
  readonly mac: string;
}

/** The fingerprints of a session's credentials; plain data, as it is kept and sent. */
export interface Fingerprints {
  readonly version: 1;
  /** Of this session alone, in hexadecimal digits: the key of all its hashes. */
  readonly salt: string;
  readonly forms: readonly Fingerprint[];
}

const TABLE_SIZE = 256;

/** The number of each byte for `rolled`: with a salt, nobody can tell values from hashes by a table made in advance. */
export function rollingTable(salt: string): Int32Array {
  const table = new Int32Array(TABLE_SIZE);
  const random = generator(salt);
  for (let byte = 0; byte < TABLE_SIZE; byte += 1) table[byte] = random();
  return table;
}

/**
 * The rolling hash with one more byte. Each byte moves the earlier ones by four bits, so that of 32 bits the last eight
 * bytes remain, and nothing has to be taken away.
 */
export function rolled(hash: number, byte: number, table: Int32Array): number {
  return ((hash << 4) + (table[byte] ?? 0)) | 0;
}

/** A hash of the bytes without line ends, to give up early; what is not given up is confirmed by its HMAC. */
export function checkHash(bytes: Uint8Array, length: number, salt: string): number {
  let hash = Number.parseInt(salt.slice(0, 8), 16) | 0;
  for (let at = 0; at < length; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return (hash ^ (hash >>> 15)) | 0;
}

/** The HMAC of a form. `node:crypto` is loaded when something was found: most of what is read holds no value. */
export function macOf(bytes: Uint8Array, salt: string): string {
  const { createHmac } = process.getBuiltinModule("node:crypto");
  return createHmac("sha256", Buffer.from(salt, "hex")).update(bytes).digest("hex").slice(0, 32);
}

/** Numbers of 32 bits from a salt: xorshift128, for a table that only has to differ from salt to salt. */
function generator(salt: string): () => number {
  const words = [0, 8, 16, 24].map((at) => Number.parseInt(salt.slice(at, at + 8), 16) | 0 || at + 1);
  let [x = 1, y = 2, z = 3, w = 4] = words;
  return () => {
    const t = x ^ (x << 11);
    [x, y, z] = [y, z, w];
    w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    return Math.imul(w, 0x9e3779b1) | 0;
  };
}
