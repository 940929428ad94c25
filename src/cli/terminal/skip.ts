/** Leaves out the beginning of a stream: what was printed before. */
export class Skip {
  #left: number;

  /** @param bytes how many. */
  constructor(bytes = 0) {
    this.#left = bytes;
  }

  /** What of the next bytes is not left out. */
  rest(bytes: Buffer): Buffer {
    const skipped = Math.min(this.#left, bytes.length);
    this.#left -= skipped;
    return bytes.subarray(skipped);
  }
}
