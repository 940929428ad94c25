/** Sizes as they are written in the configuration: "512m", "1g". */

const UNITS = ["b", "k", "m", "g", "t"];

/** What a size is, in words for an error message. */
export const SIZE_RULE = 'a size is a whole number and a unit (b, k, m, g or t), such as "512m" or "16g"';

/** What a size that may be none is, in words for an error message. */
export const SIZE_OR_ZERO_RULE = `${SIZE_RULE}, or "0" for none`;

/** The bytes of a size, or of "0"; undefined when it is neither. */
export function sizeOrZeroBytes(text: string): number | undefined {
  return text === "0" ? 0 : sizeBytes(text);
}

/** The bytes of a size, with units that are powers of 1024; undefined when the text is not one, or not above zero. */
export function sizeBytes(text: string): number | undefined {
  const [, digits, unit = ""] = /^(\d{1,15})([bkmgt])$/.exec(text) ?? [];
  const bytes = Number(digits) * 1024 ** UNITS.indexOf(unit);
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}
