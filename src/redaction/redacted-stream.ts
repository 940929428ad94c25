import type { Fingerprints } from "./fingerprints.ts";
import { type Piece, Redactor, replacement } from "./redactor.ts";

/** A stream of text with names in the place of values, and marks between its bytes that are no part of it. */
export class RedactedStream {
  readonly #redactor: Redactor;
  /** Marks that were not given out, by the bytes of the stream before them, in order. */
  readonly #marks: { readonly at: number; readonly bytes: Buffer }[] = [];
  #taken = 0;
  #given = 0;

  constructor(fingerprints: Fingerprints) {
    this.#redactor = new Redactor(fingerprints);
  }

  /** Whether bytes wait that `release` would give out. */
  get canRelease(): boolean {
    return this.#redactor.canRelease;
  }

  /** Takes the next bytes of the text; returns what can be shown. */
  push(bytes: Buffer): Buffer {
    this.#taken += bytes.length;
    return this.#shown(this.#redactor.push(bytes));
  }

  /** Takes a mark, such as the time of a line: it stays where it is in the text, and a value may go on after it. */
  mark(bytes: Buffer): Buffer {
    this.#marks.push({ at: this.#taken, bytes });
    return this.#shown([]);
  }

  /** What was held back, where nothing follows for a while. */
  release(): Buffer {
    return this.#shown(this.#redactor.release());
  }

  /** What was held back, where nothing follows. */
  end(): Buffer {
    return this.#shown(this.#redactor.end());
  }

  #shown(pieces: readonly Piece[]): Buffer {
    const shown: Buffer[] = [];
    for (const piece of pieces) {
      if (piece.kind === "text") this.#addText(shown, piece.bytes);
      else {
        this.#addMarks(shown, this.#given);
        shown.push(replacement(piece));
        this.#given += piece.bytes.length;
      }
    }
    this.#addMarks(shown, this.#given);
    return shown.length === 1 && shown[0] !== undefined ? shown[0] : Buffer.concat(shown);
  }

  #addText(shown: Buffer[], bytes: Buffer): void {
    const end = this.#given + bytes.length;
    let from = 0;
    for (let mark = this.#marks[0]; mark !== undefined && mark.at < end; mark = this.#marks[0]) {
      const until = Math.max(from, mark.at - this.#given);
      shown.push(bytes.subarray(from, until), mark.bytes);
      from = until;
      this.#marks.shift();
    }
    shown.push(bytes.subarray(from));
    this.#given = end;
  }

  #addMarks(shown: Buffer[], until: number): void {
    for (let mark = this.#marks[0]; mark !== undefined && mark.at <= until; mark = this.#marks[0]) {
      shown.push(mark.bytes);
      this.#marks.shift();
    }
  }
}
