import type { Output } from "./output.ts";

/** To the top left, and everything below is cleared: what is written then replaces what was there. */
const REDRAW = "\x1b[H\x1b[J";
const CLEAR = "\x1b[2J";

/** A text on a terminal that is shown anew in the same place. */
export class LiveView {
  readonly #output: Output;
  #hasBegun = false;

  constructor(output: Output) {
    this.#output = output;
  }

  async show(text: string): Promise<void> {
    const begin = this.#hasBegun ? "" : CLEAR;
    this.#hasBegun = true;
    await this.#output.write(`${begin}${REDRAW}${text}\n`);
  }
}
