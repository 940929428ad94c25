/** What an export leaves out, and why. */
import { type BytePath, shownPath } from "../../trees/byte-path.ts";

export interface LeftOut {
  /** A path of the work tree, a ref, or `commits`. */
  readonly what: string;
  readonly why: string;
}

/** Keeps so many of them and counts the rest. */
export class LeftOutList {
  readonly entries: LeftOut[] = [];
  readonly #limit: number;
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get count(): number {
    return this.#count;
  }

  /** @param what as bytes that an agent chose, or text of ours. */
  add(what: BytePath, why: string): void {
    this.#count += 1;
    if (this.entries.length < this.#limit) this.entries.push({ what: shownPath(what), why });
  }
}
