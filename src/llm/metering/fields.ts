/** Reading what a provider sent: nothing of it is trusted to have the form that it should. */

export type Fields = Readonly<Record<string, unknown>>;

const NO_FIELDS: Fields = {};
/** Longest model name, or id of a stored thing. */
const MAX_NAME = 200;

/** The object; one without fields for anything else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : NO_FIELDS;
}

/** The array; an empty one for anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A count of tokens; undefined for anything that is none. */
export function countOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** A name of a bounded length; undefined for anything else. */
export function nameOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= MAX_NAME ? value : undefined;
}
