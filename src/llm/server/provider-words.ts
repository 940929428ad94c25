/** What a provider says where it refuses, in a line. */
import { fieldsOf } from "../metering/fields.ts";

const LONGEST = 300;

/** @param body the beginning of an answer, without the key. */
export function providerWords(status: number, body: string): string {
  const words = messageIn(body) ?? body;
  const line = words
    .replaceAll(/[^\x20-\x7e]+/g, " ")
    .trim()
    .slice(0, LONGEST);
  return line === "" ? `HTTP ${status}` : `HTTP ${status}: ${line}`;
}

function messageIn(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    const { error } = fieldsOf(Array.isArray(parsed) ? parsed[0] : parsed);
    const { message } = fieldsOf(error);
    return typeof message === "string" ? message : typeof error === "string" ? error : undefined;
  } catch {
    return undefined; // Not JSON: a proxy's page, perhaps.
  }
}
