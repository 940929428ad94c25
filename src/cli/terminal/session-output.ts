/** Prints a session's output on one of agentd's outputs. */
import type { Output } from "./output.ts";
import { TerminalFilter } from "./terminal-filter.ts";

/** What the help says of --raw. */
export const RAW_MEANING =
  "print as the record has it: with the values of credentials, and to a terminal not only text and colours";

export interface SessionOutputOptions {
  /** Whether a terminal gets everything, and not only text and colours. */
  readonly raw: boolean;
}

/** Byte for byte if the output is not a terminal; on a terminal, only harmless text. */
export class SessionOutput {
  readonly #output: Output;
  readonly #filter: TerminalFilter;
  readonly #isRaw: boolean;

  constructor(output: Output, { raw }: SessionOutputOptions) {
    this.#output = output;
    this.#filter = new TerminalFilter(output.terminalLine);
    this.#isRaw = raw;
  }

  async write(bytes: Buffer): Promise<void> {
    const output = this.#output;
    // Also of what is passed raw: the filter tells what it leaves on the terminal.
    const passed = output.isTerminal ? this.#filter.filter(bytes) : bytes;
    output.terminalLine.isRaw ||= this.#isRaw;
    await output.write(this.#isRaw ? bytes : passed);
  }

  /** Resets the terminal's colours and cursor; printed text remains. */
  async end(): Promise<void> {
    const { isTerminal, terminalLine } = this.#output;
    const text = isTerminal ? terminalLine.restored() : "";
    if (text !== "") await this.#output.write(text);
  }
}
