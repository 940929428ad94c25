/** Reads the fields of a body that decide something, and refuses values that parsers could read differently. */
import { type JsonDocument, type JsonNode, numberText, textOf, valueOf } from "../json/node.ts";
import { Refusal } from "./refusal.ts";

/** A whole number from 0; undefined where it is absent or null. @throws Refusal for anything else. */
export function wholeNumber({ bytes }: JsonDocument, parent: JsonNode, key: string): number | undefined {
  const node = valueOf(parent, key);
  if (node === undefined) return undefined;
  const text = numberText(bytes, node) ?? "";
  if (!/^\d{1,9}$/.test(text))
    throw new Refusal("bad_request", `The body's ${key} must be a whole number, such as 4096.`);
  return Number(text);
}

/** True or false; false where it is absent or null. @throws Refusal for anything else. */
export function flag(parent: JsonNode, key: string): boolean {
  const kind = valueOf(parent, key)?.kind ?? "false";
  if (kind !== "true" && kind !== "false")
    throw new Refusal("bad_request", `The body's ${key} must be true or false.`);
  return kind === "true";
}

/** A string; undefined where it is absent or null. @throws Refusal for anything else. */
export function word({ bytes }: JsonDocument, parent: JsonNode, key: string): string | undefined {
  const node = valueOf(parent, key);
  if (node === undefined) return undefined;
  const text = textOf(bytes, node);
  if (text === undefined) throw new Refusal("bad_request", `The body's ${key} must be a string.`);
  return text;
}

/** The least of those that are known. */
export function least(...values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
