/**
 * Reads the name of the server from the first message of a TLS connection, however its bytes arrive: one by one, or in
 * several records.
 */
import { ByteReader } from "./byte-reader.ts";

/** What is known about a connection after its first bytes. */
export type HelloReading =
  /** Nothing can be said before there are so many bytes in all. */
  | { readonly kind: "more"; readonly atLeast: number }
  /** `serverName` is in lower case; undefined: the client names no server. */
  | { readonly kind: "hello"; readonly serverName: string | undefined }
  | { readonly kind: "refused"; readonly why: string };

const RECORD_HEADER_BYTES = 5;
const MOST_RECORD_BYTES = 2 ** 14;
const HANDSHAKE = 22;
const MAJOR_VERSION = 3;

const MESSAGE_HEADER_BYTES = 4;
const CLIENT_HELLO = 1;
/** Several times what clients send, with keys that resist quantum computers too. */
const MOST_MESSAGE_BYTES = 2 ** 15;
/** A message in records of one byte each is nobody's. */
const MOST_RECORDS = 64;

const SERVER_NAME = 0;
const HOST_NAME = 0;

/** Collects the bytes until the client's hello is whole. Bounded: it refuses what is longer than any hello. */
export class ClientHelloReader {
  #chunks: Buffer[] = [];
  #length = 0;
  #atLeast = 1;

  /** Everything that was pushed, to be sent on once the hello is accepted. */
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Takes the next bytes. After a reading other than `more` there is nothing to push. */
  push(chunk: Buffer): HelloReading {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    // Not at every byte of a hello that comes byte by byte: that would take time by the square of its length.
    if (this.#length < this.#atLeast) return { kind: "more", atLeast: this.#atLeast };
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    const reading = readClientHello(bytes);
    if (reading.kind === "more") this.#atLeast = reading.atLeast;
    return reading;
  }
}

/** The reading of all bytes so far. Pure. */
export function readClientHello(bytes: Buffer): HelloReading {
  let message = Buffer.alloc(0);
  let at = 0;
  for (let records = 0; records < MOST_RECORDS; records += 1) {
    const fault = recordFault(bytes.subarray(at));
    if (fault !== undefined) return refused(fault);
    const start = at + RECORD_HEADER_BYTES;
    if (bytes.length < start) return { kind: "more", atLeast: bytes.length + 1 };
    const end = start + bytes.readUInt16BE(at + 3);
    message = Buffer.concat([message, bytes.subarray(start, end)]);
    const wanted = messageLength(message);
    if (typeof wanted === "string") return refused(wanted);
    if (bytes.length < end) return { kind: "more", atLeast: bytes.length > start ? end : start + 1 };
    if (message.length >= wanted) return readMessage(message.subarray(MESSAGE_HEADER_BYTES, wanted));
    at = end;
  }
  return refused("its TLS ClientHello is in too many pieces");
}

/** How long the message becomes with its header, as far as one can say; or why it is refused. */
function messageLength(message: Buffer): number | string {
  if (message.length > 0 && message[0] !== CLIENT_HELLO) return "it does not begin with a TLS ClientHello";
  if (message.length < MESSAGE_HEADER_BYTES) return MESSAGE_HEADER_BYTES;
  const length = MESSAGE_HEADER_BYTES + message.readUIntBE(1, 3);
  return length > MOST_MESSAGE_BYTES ? "its TLS ClientHello is too long" : length;
}

/** Of as much as there is: what is not TLS is refused at its first byte. */
function recordFault(record: Buffer): string | undefined {
  const [type = HANDSHAKE, major = MAJOR_VERSION] = record;
  if (type !== HANDSHAKE || major !== MAJOR_VERSION) return "it does not speak TLS";
  if (record.length < RECORD_HEADER_BYTES) return undefined;
  const length = record.readUInt16BE(3);
  return length === 0 || length > MOST_RECORD_BYTES ? "its TLS record has an impossible length" : undefined;
}

function readMessage(message: Buffer): HelloReading {
  try {
    const names = serverNames(new ByteReader(message));
    if (names.length > 1) return refused("its TLS ClientHello names more than one server");
    return { kind: "hello", serverName: names[0]?.toLowerCase() };
  } catch (error) {
    if (error instanceof RangeError) return refused("its TLS ClientHello is malformed");
    throw error;
  }
}

/** @throws RangeError when the message is no ClientHello. */
function serverNames(message: ByteReader): string[] {
  message.skip(2 + 32); // The version of before 1.3, and the random bytes.
  message.vector(1); // Session id.
  message.vector(2); // Cipher suites.
  message.vector(1); // Compression.
  if (message.isAtEnd) return [];
  const extensions = message.vector(2);
  message.expectEnd();
  const names: string[] = [];
  while (!extensions.isAtEnd) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    if (type === SERVER_NAME) names.push(...namesIn(content));
  }
  return names;
}

function namesIn(extension: ByteReader): string[] {
  const list = extension.vector(2);
  extension.expectEnd();
  const names: string[] = [];
  while (!list.isAtEnd) {
    if (list.number(1) !== HOST_NAME) throw new RangeError("a name of an unknown type");
    names.push(list.vector(2).text());
  }
  if (names.length === 0) throw new RangeError("an empty list of names");
  return names;
}

function refused(why: string): HelloReading {
  return { kind: "refused", why };
}
