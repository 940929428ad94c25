/** Reads JSON with the position of each value, strictly: what two parsers could read differently is refused. */
import { isUtf8 } from "node:buffer";
import { decodeString, type JsonDocument, type JsonMember, type JsonNode, type JsonObject } from "./node.ts";
import { JsonFault, literalAt, numberEnd, QUOTE, skipSpace, stringEnd } from "./scan.ts";

/** How deep values may lie in each other. */
export const MAX_DEPTH = 200;
/** How many values a document may have, besides those that are not looked into. */
export const MAX_VALUES = 500_000;
/** How many values it may have in all: checking more would hold up everybody else for too long. */
export const MAX_CHECKED = 4_000_000;

const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** An object or array that is still open. */
interface Frame {
  readonly start: number;
  readonly isObject: boolean;
  /** Whether what is in it is only checked. */
  readonly isOpaque: boolean;
  /** The key under which the next value of an object comes. */
  key: string;
  /** Undefined where there are none to keep. */
  readonly members: JsonMember[] | undefined;
  readonly items: JsonNode[] | undefined;
}

/**
 * The document in the bytes: one object, strict UTF-8, no byte-order mark.
 *
 * @param isOpaque whether the values under a key are checked without being looked into.
 * @param bytes keep them unchanged for as long as the document is used.
 * @throws JsonFault for anything else, and for more than `MAX_DEPTH`, `MAX_VALUES` or `MAX_CHECKED`.
 */
export function parseJson(bytes: Buffer, isOpaque: (key: string) => boolean): JsonDocument {
  if (!isUtf8(bytes)) throw new JsonFault("bytes that are not UTF-8", 0);
  const reader = new Reader(bytes, isOpaque);
  const start = skipSpace(bytes, 0);
  if (bytes[start] !== OPEN_OBJECT) throw new JsonFault("no JSON object", start);
  const root = reader.read(start);
  const end = skipSpace(bytes, root.end);
  if (end !== bytes.length) throw new JsonFault("something behind the JSON object", end);
  return { bytes, root };
}

class Reader {
  readonly #bytes: Buffer;
  readonly #isOpaque: (key: string) => boolean;
  readonly #stack: Frame[] = [];
  #values = 0;
  #checked = 0;

  constructor(bytes: Buffer, isOpaque: (key: string) => boolean) {
    this.#bytes = bytes;
    this.#isOpaque = isOpaque;
  }

  /** Without recursion, so that no document fills the stack. @param start the root's brace. */
  read(start: number): JsonObject {
    let at = start;
    for (;;) {
      at = this.#open(at);
      // Every container that ends here is a value of the one around it.
      for (;;) {
        const frame = this.#stack.at(-1) as Frame;
        at = skipSpace(this.#bytes, at);
        const byte = this.#bytes[at];
        if (byte === (frame.isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) {
          at += 1;
          this.#stack.pop();
          const node = closed(frame, at);
          if (this.#stack.length === 0) return node as JsonObject;
          this.#add(node);
        } else if (byte === COMMA) {
          at = this.#next(frame, at + 1);
          break;
        } else throw new JsonFault(at >= this.#bytes.length ? "an end too soon" : "no comma", at);
      }
    }
  }

  /** Reads the value at an offset; of a container only its opening, and on to its first value. */
  #open(at: number): number {
    const bytes = this.#bytes;
    for (;;) {
      const byte = bytes[at];
      if (byte !== OPEN_OBJECT && byte !== OPEN_ARRAY) return this.#scalar(at);
      const frame = this.#push(at, byte === OPEN_OBJECT);
      const inside = skipSpace(bytes, at + 1);
      if (bytes[inside] === (frame.isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return inside;
      at = this.#next(frame, inside);
    }
  }

  #push(start: number, isObject: boolean): Frame {
    if (this.#stack.length >= MAX_DEPTH) throw new JsonFault(`more than ${MAX_DEPTH} levels`, start);
    const parent = this.#stack.at(-1);
    const isOpaque =
      parent !== undefined && (parent.isOpaque || (parent.isObject && this.#isOpaque(parent.key)));
    const members = isObject && !isOpaque ? [] : undefined;
    const items = isObject || isOpaque ? undefined : [];
    const frame: Frame = { start, isObject, isOpaque, key: "", members, items };
    this.#stack.push(frame);
    return frame;
  }

  /** Where the container's next value begins; of an object's member the key is read. */
  #next(frame: Frame, from: number): number {
    const at = skipSpace(this.#bytes, from);
    if (!frame.isObject) return at;
    if (this.#bytes[at] !== QUOTE) throw new JsonFault("no key", at);
    const end = stringEnd(this.#bytes, at);
    if (!frame.isOpaque) frame.key = this.#key(at, end);
    const colon = skipSpace(this.#bytes, end);
    if (this.#bytes[colon] !== COLON) throw new JsonFault("no colon", colon);
    return skipSpace(this.#bytes, colon + 1);
  }

  #key(start: number, end: number): string {
    const key = decodeString(this.#bytes, start, end);
    // Some parsers drop them, and what is left may be another key.
    if (/[\p{Cc}\p{Cs}]/u.test(key))
      throw new JsonFault("a key with characters that parsers read differently", start);
    return key;
  }

  #scalar(start: number): number {
    const bytes = this.#bytes;
    const byte = bytes[start];
    if (byte === QUOTE) return this.#leaf("string", start, stringEnd(bytes, start));
    if (byte === 0x2d || (byte !== undefined && byte >= 0x30 && byte <= 0x39))
      return this.#leaf("number", start, numberEnd(bytes, start));
    const word = literalAt(bytes, start);
    return this.#leaf(word, start, start + word.length);
  }

  #leaf(kind: "string" | "number" | "true" | "false" | "null", start: number, end: number): number {
    this.#add({ kind, start, end });
    return end;
  }

  #add(node: JsonNode): void {
    const frame = this.#stack.at(-1) as Frame;
    this.#checked += 1;
    if (this.#checked > MAX_CHECKED) throw new JsonFault(`more than ${MAX_CHECKED} values`, node.start);
    if (frame.isOpaque) return;
    this.#values += 1;
    if (this.#values > MAX_VALUES) throw new JsonFault(`more than ${MAX_VALUES} values`, node.start);
    frame.members?.push({ key: frame.key, value: node });
    frame.items?.push(node);
  }
}

function closed({ start, members, items }: Frame, end: number): JsonNode {
  if (members !== undefined) return { kind: "object", start, end, members };
  return items === undefined ? { kind: "opaque", start, end } : { kind: "array", start, end, items };
}
