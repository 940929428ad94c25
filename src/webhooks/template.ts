/** Texts with values of a payload in them: `issue-{issue.number}`. Other braces are left as they are. */

/** Where a value is in a payload: names of fields and places in lists, with dots between. */
export const PAYLOAD_PATH = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;

const PLACEHOLDER = /\{([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)\}/g;

/** Whether a text has a placeholder. */
export function isTemplate(text: string): boolean {
  return text.search(PLACEHOLDER) !== -1;
}

/** The value at a path; undefined where there is none. Only what the sender wrote counts, nothing that objects inherit. */
export function valueAt(payload: unknown, path: string): unknown {
  let value = payload;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** Why a template cannot be filled in, as a clause. */
export class TemplateFault extends Error {
  override readonly name = "TemplateFault";
}

export interface FillOptions {
  /** Characters of the result at most. */
  readonly most: number;
  /** Whether a value that is missing or null is nothing. Default false: that is a fault. */
  readonly mayMiss?: boolean;
}

/** A template with the payload's values. @throws TemplateFault. */
export function fillIn(template: string, payload: unknown, { most, mayMiss = false }: FillOptions): string {
  let length = 0;
  const count = (text: string): string => {
    length += text.length;
    if (length > most) throw new TemplateFault(`it gets longer than ${most} characters`);
    return text;
  };
  let rest = 0;
  let filled = "";
  for (const { 0: whole, 1: path = "", index } of template.matchAll(PLACEHOLDER)) {
    filled += count(template.slice(rest, index)) + count(textOf(valueAt(payload, path), path, mayMiss));
    rest = index + whole.length;
  }
  return filled + count(template.slice(rest));
}

function textOf(value: unknown, path: string, mayMiss: boolean): string {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "boolean":
      return String(value);
    default:
      if (value === undefined || value === null) {
        if (mayMiss) return "";
        throw new TemplateFault(`the payload has no ${path}`);
      }
      throw new TemplateFault(`${path} of the payload is no text, number or truth value`);
  }
}
