/** Changes to a document that leave every other byte as it came. */
import type { JsonDocument, JsonNode, JsonObject } from "./node.ts";

/** Bytes that take the place of others. */
export interface Splice {
  readonly start: number;
  /** As `start`, where nothing is taken away. */
  readonly end: number;
  readonly text: string;
}

/** Puts JSON where a value is. */
export function replaced(node: JsonNode, json: string): Splice {
  return { start: node.start, end: node.end, text: json };
}

/** Puts a member in front of an object's others. */
function inserted(object: JsonObject, key: string, json: string): Splice {
  const at = object.start + 1;
  const comma = object.members.length === 0 ? "" : ",";
  return { start: at, end: at, text: `${JSON.stringify(key)}:${json}${comma}` };
}

/** Puts JSON where a member's value is, whatever that is, or adds the member. */
export function withMember(object: JsonObject, key: string, json: string): Splice {
  const member = object.members.find((each) => each.key === key);
  return member === undefined ? inserted(object, key, json) : replaced(member.value, json);
}

/**
 * A copy with the splices in it.
 *
 * @throws RangeError where two of them overlap.
 */
export function spliced({ bytes }: JsonDocument, splices: readonly Splice[]): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const { start, end, text } of splices.toSorted((one, other) => one.start - other.start)) {
    if (start < at) throw new RangeError("two changes of one place");
    parts.push(bytes.subarray(at, start), Buffer.from(text));
    at = end;
  }
  return Buffer.concat([...parts, bytes.subarray(at)]);
}
