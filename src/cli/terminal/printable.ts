/** Text from users and repositories, made safe to print. */

const PLAIN = /^[\x20-\x7e]*$/;

/** Whether a text has only characters of ASCII that can be printed, as most texts have. */
export function isPlain(text: string): boolean {
  return PLAIN.test(text);
}

/** The same text with every character escaped that could move the cursor or disguise what follows. */
export function printable(text: string): string {
  return isPlain(text) ? text : escaped(text);
}

function escaped(text: string): string {
  // Control, format (such as bidirectional overrides), line separator and lone surrogate characters. Made only when it is
  // needed: that takes 1 ms.
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff ? `\\x${hex(code, 2)}` : `\\u{${hex(code, 4)}}`;
  });
}

/** As `printable`, for text of several lines: newlines stay. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** DEL and the C1 controls, which JSON need not escape and a terminal obeys. */
const CONTROLS_IN_JSON = /[\x7f-\x9f]/g;

/** The same value as `JSON.stringify` gives it, with every control character escaped. @param indent default: none. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    CONTROLS_IN_JSON,
    (character) => `\\u${hex(character.charCodeAt(0), 4)}`,
  );
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
