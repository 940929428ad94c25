import { closeSync, fsyncSync } from "node:fs";

/** Up to this many files and directories are flushed one by one; beyond, one flush of the file system costs less. */
const FLUSHED_ONE_BY_ONE = 200;

/**
 * Makes files and directories durable, all at the end: the first flush then takes the changes of all others along, where
 * one after each file would make the file system wait for the disk each time.
 */
export class Flusher implements Disposable {
  readonly #open: number[] = [];
  #isOverflown = false;

  /** Takes over a descriptor. */
  add(file: number): void {
    this.#open.push(file);
    if (this.#open.length > FLUSHED_ONE_BY_ONE) this.#isOverflown = true;
    if (this.#isOverflown) this.#closeAll();
  }

  /**
   * Makes durable what was added.
   *
   * @returns false where there was too much to flush one by one, so that the caller has to flush the file system.
   */
  flush(): boolean {
    for (const file of this.#open) fsyncSync(file);
    this.#closeAll();
    return !this.#isOverflown;
  }

  [Symbol.dispose](): void {
    this.#closeAll();
  }

  #closeAll(): void {
    for (const file of this.#open.splice(0)) closeSync(file);
  }
}
