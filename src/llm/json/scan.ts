/** The smallest parts of JSON (RFC 8259), by their bytes. Each function answers where the part ends, or throws. */

/** The bytes are not the JSON that is accepted here. */
export class JsonFault extends Error {
  override readonly name = "JsonFault";

  /** @param why without a full stop. @param at offset of the byte. */
  constructor(why: string, at: number) {
    super(`${why} at byte ${at}`);
  }
}

export const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

/** What may follow a backslash, besides a u: `"`, `\`, `/`, b, f, n, r, t. */
const ESCAPES: ReadonlySet<number | undefined> = new Set([
  QUOTE,
  BACKSLASH,
  0x2f,
  0x62,
  0x66,
  0x6e,
  0x72,
  0x74,
]);

const LITERALS = { 0x74: "true", 0x66: "false", 0x6e: "null" } as const;

/** @returns the offset of the next byte that is no white space. */
export function skipSpace(bytes: Buffer, at: number): number {
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at += 1;
  }
}

/** @param at the opening quote. @throws JsonFault */
export function stringEnd(bytes: Buffer, at: number): number {
  const { length } = bytes;
  for (let next = at + 1; next < length; next += 1) {
    const byte = bytes[next] as number;
    if (byte === QUOTE) return next + 1;
    if (byte === BACKSLASH) next = escapeEnd(bytes, next) - 1;
    else if (byte < 0x20) throw new JsonFault("a control character in a string", next);
  }
  throw new JsonFault("a string without an end", at);
}

function escapeEnd(bytes: Buffer, at: number): number {
  const byte = bytes[at + 1];
  if (ESCAPES.has(byte)) return at + 2;
  if (byte !== LETTER_U || ![2, 3, 4, 5].every((digit) => isHexDigit(bytes[at + digit])))
    throw new JsonFault("an escape that JSON does not have", at);
  return at + 6;
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** @param at a minus or digit. @throws JsonFault */
export function numberEnd(bytes: Buffer, at: number): number {
  let next = bytes[at] === 0x2d ? at + 1 : at;
  const first = bytes[next];
  next = digitsEnd(bytes, next, at);
  if (first === 0x30 && isDigit(bytes[at + (bytes[at] === 0x2d ? 2 : 1)]))
    throw new JsonFault("a number with a zero in front", at);
  if (bytes[next] === 0x2e) next = digitsEnd(bytes, next + 1, at);
  if (((bytes[next] ?? 0) | 0x20) !== 0x65) return next;
  const sign = bytes[next + 1];
  return digitsEnd(bytes, sign === 0x2b || sign === 0x2d ? next + 2 : next + 1, at);
}

function digitsEnd(bytes: Buffer, at: number, number: number): number {
  let next = at;
  while (isDigit(bytes[next])) next += 1;
  if (next === at) throw new JsonFault("a number that is not finished", number);
  return next;
}

/** Which literal begins here. @throws JsonFault where none does. */
export function literalAt(bytes: Buffer, at: number): "true" | "false" | "null" {
  const word = LITERALS[bytes[at] as keyof typeof LITERALS] as "true" | "false" | "null" | undefined;
  if (word === undefined || bytes.toString("latin1", at, at + word.length) !== word)
    throw new JsonFault(at >= bytes.length ? "an end too soon" : "no JSON value", at);
  return word;
}
