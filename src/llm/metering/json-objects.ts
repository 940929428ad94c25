/**
 * Takes the objects of a JSON text as it comes: one whole answer, or the array of answers of a Gemini stream. Long
 * strings are cut, so that what is kept does not grow with an answer's text or images.
 */

/** Characters of a string that are kept. */
const MAX_STRING = 2_048;
/** Characters of an object that are kept; one that has more is dropped. */
const MAX_OBJECT = 4 * 1024 * 1024;
/** Digits of `\uXXXX`. */
const UNICODE_DIGITS = 4;

const [QUOTE, BACKSLASH, OPEN, CLOSE, LETTER_U] = ['"', "\\", "{", "}", "u"].map((each) =>
  each.charCodeAt(0),
) as [number, number, number, number, number];

/** Cuts one JSON text into its outermost objects. */
export class JsonObjects {
  readonly #onObject: (object: unknown) => void;
  readonly #parts: string[] = [];
  #kept = 0;
  #depth = 0;
  #isInString = false;
  #stringLength = 0;
  /** How many of the next characters belong to an escape. */
  #escapeLeft = 0;
  #isEscapeOpen = false;
  /** Whether the rest of the string is dropped. */
  #isCutting = false;
  #isBroken = false;

  /** @param onObject gets each object when its last brace has come; never one that is not JSON. */
  constructor(onObject: (object: unknown) => void) {
    this.#onObject = onObject;
  }

  /** Whether no object has begun that is still to end, and none was dropped. */
  get isWhole(): boolean {
    return this.#depth === 0 && !this.#isBroken;
  }

  push(text: string): void {
    let start = this.#depth > 0 && !this.#isCutting ? 0 : -1;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (this.#isInString) {
        const change = this.#inString(code);
        // The closing quote is kept: what stays is a shorter string.
        if (change === "kept again") start = at;
        else if (change === "cut") start = this.#keep(text, start, at + 1);
      } else if (code === QUOTE) {
        this.#isInString = this.#depth > 0;
        this.#stringLength = 0;
      } else if (code === OPEN) {
        this.#depth += 1;
        if (this.#depth === 1) start = at;
      } else if (code === CLOSE && this.#depth > 0) {
        this.#depth -= 1;
        if (this.#depth === 0) {
          start = this.#keep(text, start, at + 1);
          this.#take();
        }
      }
    }
    this.#keep(text, start, text.length);
  }

  /** @returns what changes with this character of a string. */
  #inString(code: number): "cut" | "kept again" | undefined {
    this.#stringLength += 1;
    if (this.#isEscapeOpen) {
      this.#isEscapeOpen = false;
      this.#escapeLeft = code === LETTER_U ? UNICODE_DIGITS : 0;
    } else if (this.#escapeLeft > 0) {
      this.#escapeLeft -= 1;
    } else if (code === BACKSLASH) {
      this.#isEscapeOpen = true;
    } else if (code === QUOTE) {
      const wasCutting = this.#isCutting;
      this.#isInString = false;
      this.#isCutting = false;
      return wasCutting ? "kept again" : undefined;
    }
    const isBetweenCharacters = !this.#isEscapeOpen && this.#escapeLeft === 0;
    if (this.#isCutting || this.#stringLength < MAX_STRING || !isBetweenCharacters) return undefined;
    this.#isCutting = true;
    return "cut";
  }

  /** @returns -1: nothing is kept until somebody says from where. */
  #keep(text: string, start: number, end: number): number {
    if (start === -1 || this.#isBroken) return -1;
    this.#kept += end - start;
    if (this.#kept > MAX_OBJECT) this.#isBroken = true;
    else this.#parts.push(text.slice(start, end));
    return -1;
  }

  #take(): void {
    const text = this.#parts.splice(0).join("");
    this.#kept = 0;
    if (this.#isBroken) return;
    try {
      this.#onObject(JSON.parse(text));
    } catch {
      this.#isBroken = true; // What follows cannot be told apart from it.
    }
  }
}
