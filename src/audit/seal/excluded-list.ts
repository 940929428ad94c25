import type { Excluded } from "../../session-document.ts";
import { type BytePath, shownPath } from "../../trees/byte-path.ts";

/** How many entries a document lists at most. */
const MOST_LISTED = 1_000;
/** The limit on text in them: a path of bytes that are not UTF-8 is shown with four times its length. */
const MOST_TEXT = 256 * 1024;

/** What a seal leaves out: the first entries, and how many there are. */
export class ExcludedList {
  readonly listed: Excluded[] = [];
  #count = 0;
  #text = 0;

  /** How many there are, listed or not. */
  get count(): number {
    return this.#count;
  }

  add(path: BytePath, reason: string): void {
    this.#count += 1;
    if (this.listed.length >= MOST_LISTED) return;
    const entry = { path: shownPath(path), reason };
    this.#text += entry.path.length + entry.reason.length;
    if (this.#text <= MOST_TEXT) this.listed.push(entry);
  }
}
