import { closeSync, fsyncSync } from "node:fs";

/** Up to so many files and directories are flushed one by one; beyond, one flush of the file system costs less. */
const FLUSHED_ONE_BY_ONE = 200;

/** Makes files and directories durable, unless there are so many that the file system has to be flushed. */
export class Flusher {
  #count = 0;

  /** Whether there was too much to flush one by one, so that the caller has to flush the file system. */
  get needsFlush(): boolean {
    return this.#count > FLUSHED_ONE_BY_ONE;
  }

  /** Makes what is open durable and closes it. */
  flushAndClose(file: number): void {
    this.#count += 1;
    try {
      if (!this.needsFlush) fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}
