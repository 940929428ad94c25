/** JSON with positions: where each value lies among the bytes, so that one can be replaced and the others stay. */

interface Placed {
  /** Offset of the first byte. */
  readonly start: number;
  /** Offset behind the last byte. */
  readonly end: number;
}

export interface JsonMember {
  /** Decoded: what a parser makes of it. */
  readonly key: string;
  readonly value: JsonNode;
}

export interface JsonObject extends Placed {
  readonly kind: "object";
  /** In their order, with every duplicate. */
  readonly members: readonly JsonMember[];
}

export interface JsonArray extends Placed {
  readonly kind: "array";
  readonly items: readonly JsonNode[];
}

export interface JsonScalar extends Placed {
  readonly kind: "string" | "number" | "true" | "false" | "null";
}

/** An object or array that was checked and not looked into. */
export interface JsonOpaque extends Placed {
  readonly kind: "opaque";
}

export type JsonNode = JsonObject | JsonArray | JsonScalar | JsonOpaque;

/** A document: its bytes, and the object that they are. */
export interface JsonDocument {
  readonly bytes: Buffer;
  readonly root: JsonObject;
}

/** The value of the first member with this key; undefined where there is none, or it is null. */
export function valueOf(node: JsonNode | undefined, key: string): JsonNode | undefined {
  if (node?.kind !== "object") return undefined;
  const value = node.members.find((member) => member.key === key)?.value;
  return value?.kind === "null" ? undefined : value;
}

/** The items of an array; none for anything else. */
export function itemsOf(node: JsonNode | undefined): readonly JsonNode[] {
  return node?.kind === "array" ? node.items : [];
}

/** The items of an array, or the value itself where it is none: some parsers take one for a list of one. */
export function listOf(node: JsonNode): readonly JsonNode[] {
  return node.kind === "array" ? node.items : [node];
}

/** A string, decoded; undefined for anything else. */
export function textOf(bytes: Buffer, node: JsonNode | undefined): string | undefined {
  if (node?.kind !== "string") return undefined;
  return decodeString(bytes, node.start, node.end);
}

/**
 * How a string begins, decoded: at most its first `length` characters, whatever its size. Undefined for anything else.
 */
export function beginningOf(bytes: Buffer, node: JsonNode | undefined, length: number): string | undefined {
  if (node?.kind !== "string") return undefined;
  // An escape has six bytes at most, and two of them one character; a character has four bytes at most.
  if (node.end - node.start <= 12 * length + 2)
    return decodeString(bytes, node.start, node.end).slice(0, length);
  let text = "";
  for (let at = node.start + 1; text.length < length && at < node.end - 1;) {
    const step = elementLength(bytes, at);
    text += decodeBody(bytes, at, at + step);
    at += step;
  }
  return text.slice(0, length);
}

/** A number as it is written; undefined for anything else. */
export function numberText(bytes: Buffer, node: JsonNode | undefined): string | undefined {
  return node?.kind === "number" ? bytes.toString("latin1", node.start, node.end) : undefined;
}

/** A string with its quotes, checked before. */
export function decodeString(bytes: Buffer, start: number, end: number): string {
  return decodeBody(bytes, start + 1, end - 1);
}

function decodeBody(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString("utf8", start, end);
  return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
}

/** Bytes of one character or escape. */
function elementLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first === 0x5c) return bytes[at + 1] === 0x75 ? 6 : 2;
  if (first < 0x80) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}
