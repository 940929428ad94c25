/**
 * A session may print text in colours to the operator's terminal. Every other control sequence
 * is dropped: titles, the clipboard, hyperlinks, reports that are typed as input, cursor movements, character sets.
 */
import type { TerminalLine } from "./terminal-line.ts";

const ESCAPE = 0x1b;
const BACKSPACE = 0x08;
const TAB = 0x09;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const PASSED_CONTROLS: readonly number[] = [BACKSPACE, TAB, NEWLINE, CARRIAGE_RETURN];

/** `[` and `m`: around the parameters of a sequence that sets colours. */
const BRACKET = 0x5b;
const SET_RENDITION = 0x6d;
/** `]`, `P`, `X`, `^` and `_` after an escape: the beginnings of OSC, DCS, SOS, PM and APC. */
const STRING_BEGINNINGS: readonly number[] = [0x5d, 0x50, 0x58, 0x5e, 0x5f];
/** The same, and the beginning of a control sequence, as single C1 controls. */
const C1_STRINGS: readonly number[] = [0x9d, 0x90, 0x98, 0x9e, 0x9f];
const C1_CONTROL_SEQUENCE = 0x9b;
/** BEL, CAN and SUB end a string, and its line does: one without an end must not hide all that follows. */
const STRING_ENDS: readonly number[] = [0x07, 0x18, 0x1a];

/** Longer sequences of colours are dropped. */
const MOST_SEQUENCE_BYTES = 128;

/** U+FFFD in UTF-8, in the place of each byte that is no text. */
const REPLACEMENT: readonly number[] = [0xef, 0xbf, 0xbd];

/** Where in its input a filter is: between characters, in a character, or in something that a terminal would obey. */
type State = "text" | "character" | "escape" | "intermediate" | "sequence" | "string";

/** Takes the bytes of one stream, cut anywhere. */
export class TerminalFilter {
  readonly #line: TerminalLine;
  #state: State = "text";
  /** The beginning of a character or sequence that is passed once it is whole. */
  #held: number[] = [];
  /** Whether the sequence is one that is not passed. */
  #isDropped = false;
  #passed = Buffer.alloc(0);
  #length = 0;

  /** @param line is told what the bytes that are passed leave behind. */
  constructor(line: TerminalLine) {
    this.#line = line;
  }

  /** What of the bytes may come to the terminal. */
  filter(bytes: Buffer): Buffer {
    this.#passed = Buffer.allocUnsafe(REPLACEMENT.length * (this.#held.length + bytes.length + 1));
    this.#length = 0;
    for (let at = 0; at < bytes.length;) {
      const end = this.#state === "text" ? endOfPlainText(bytes, at) : at;
      if (end > at) {
        this.#length += bytes.copy(this.#passed, this.#length, at, end);
        this.#line.isOpen = true;
        at = end;
      } else {
        this.#take(bytes[at] ?? 0);
        at += 1;
      }
    }
    return this.#passed.subarray(0, this.#length);
  }

  #take(byte: number): void {
    switch (this.#state) {
      case "text":
        this.#takeText(byte);
        break;
      case "character":
        this.#takeCharacter(byte);
        break;
      case "escape":
        this.#takeEscape(byte);
        break;
      case "intermediate":
        if (!isBetween(byte, 0x20, 0x2f)) this.#end(byte, isBetween(byte, 0x30, 0x7e));
        break;
      case "sequence":
        this.#takeSequence(byte);
        break;
      case "string":
        if (byte === ESCAPE || byte === NEWLINE) this.#end(byte, false);
        else if (STRING_ENDS.includes(byte)) this.#state = "text";
        break;
    }
  }

  #takeText(byte: number): void {
    if (byte === ESCAPE) this.#state = "escape";
    else if (isBetween(byte, 0x20, 0x7e)) this.#passText([byte]);
    else if (PASSED_CONTROLS.includes(byte)) this.#passControl(byte);
    else if (isBetween(byte, 0x80, 0x9f)) this.#beginC1(byte);
    else if (isBetween(byte, 0xc2, 0xf4)) {
      this.#state = "character";
      this.#held = [byte];
    } else if (byte >= 0xa0) this.#passText(REPLACEMENT);
  }

  #takeCharacter(byte: number): void {
    const [first = 0] = this.#held;
    if (!isContinuation(byte, first, this.#held.length)) {
      this.#passText(REPLACEMENT);
      this.#end(byte, false);
      return;
    }
    const character = [...this.#held, byte];
    this.#held = character;
    if (character.length < lengthOfCharacter(first)) return;
    this.#held = [];
    this.#state = "text";
    if (first === 0xc2 && byte <= 0x9f) this.#beginC1(byte);
    else this.#passText(character);
  }

  #takeEscape(byte: number): void {
    if (byte === BRACKET) this.#beginSequence([ESCAPE, BRACKET]);
    else if (STRING_BEGINNINGS.includes(byte)) this.#state = "string";
    else if (isBetween(byte, 0x20, 0x2f)) this.#state = "intermediate";
    else this.#end(byte, isBetween(byte, 0x30, 0x7e));
  }

  #takeSequence(byte: number): void {
    if (isBetween(byte, 0x20, 0x3f)) {
      // Digits, colons and semicolons: anything else makes another function of it.
      if (!isBetween(byte, 0x30, 0x3b) || this.#held.length >= MOST_SEQUENCE_BYTES) this.#isDropped = true;
      if (!this.#isDropped) this.#held.push(byte);
      return;
    }
    const isWhole = isBetween(byte, 0x40, 0x7e);
    if (byte === SET_RENDITION && !this.#isDropped) {
      this.#line.isColoured = !isReset(this.#held.slice(2));
      this.#pass([...this.#held, byte]);
    }
    this.#end(byte, isWhole);
  }

  /** Goes back to text, to which the byte belongs unless it was the end of what was before. */
  #end(byte: number, isConsumed: boolean): void {
    this.#state = "text";
    this.#held = [];
    if (!isConsumed) this.#take(byte);
  }

  #beginSequence(held: number[]): void {
    this.#state = "sequence";
    this.#held = held;
    this.#isDropped = held.length === 0;
  }

  /** A control of the C1 set, as one byte or as the character of that number. None is passed. */
  #beginC1(control: number): void {
    if (control === C1_CONTROL_SEQUENCE) this.#beginSequence([]);
    else if (C1_STRINGS.includes(control)) this.#state = "string";
  }

  #passControl(byte: number): void {
    this.#pass([byte]);
    if (byte === NEWLINE) this.#line.isOpen = false;
    if (byte === TAB) this.#line.isOpen = true;
  }

  #passText(bytes: readonly number[]): void {
    this.#pass(bytes);
    this.#line.isOpen = true;
  }

  #pass(bytes: readonly number[]): void {
    for (const byte of bytes) this.#length = this.#passed.writeUInt8(byte, this.#length);
  }
}

/** Where the printable ASCII characters that begin at `start` end. */
function endOfPlainText(bytes: Buffer, start: number): number {
  let end = start;
  while (end < bytes.length && isBetween(bytes[end] ?? 0, 0x20, 0x7e)) end += 1;
  return end;
}

function isBetween(byte: number, first: number, last: number): boolean {
  return byte >= first && byte <= last;
}

/** By its first byte, in UTF-8. */
function lengthOfCharacter(first: number): number {
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

/** Whether a byte can be the one at `index` of a character: no form that is longer than need be, and no surrogate. */
function isContinuation(byte: number, first: number, index: number): boolean {
  if (!isBetween(byte, 0x80, 0xbf)) return false;
  if (index > 1) return true;
  if (first === 0xe0) return byte >= 0xa0;
  if (first === 0xed) return byte <= 0x9f;
  if (first === 0xf0) return byte >= 0x90;
  return first !== 0xf4 || byte <= 0x8f;
}

/** Whether a sequence with these parameters does nothing but take all colours back. */
function isReset(parameters: readonly number[]): boolean {
  return /^[0;]*$/.test(String.fromCharCode(...parameters));
}
