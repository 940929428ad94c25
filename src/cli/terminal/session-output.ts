/** Prints a session's output on one of agentd's outputs. */
import type { Counted, Output } from "./output.ts";
import { Skip } from "./skip.ts";
import { TerminalFilter } from "./terminal-filter.ts";

/** What the help says of --raw. */
export const RAW_MEANING =
  "print as the record has it: with the values of credentials, and to a terminal not only text and colours";

export interface SessionOutputOptions {
  /** Which stream of the session it is; default: that of no session. */
  readonly stream?: Counted["stream"] | undefined;
  /** Whether a terminal gets everything, and not only text and colours. */
  readonly raw: boolean;
  /** How many bytes were printed before, and are left out now. Default none. */
  readonly skipped?: number | undefined;
}

/** Byte for byte if the output is not a terminal; on a terminal, only harmless text. */
export class SessionOutput {
  readonly #output: Output;
  readonly #filter: TerminalFilter;
  readonly #isRaw: boolean;
  readonly #stream: Counted["stream"] | undefined;
  readonly #skip: Skip;

  constructor(output: Output, { raw, stream, skipped }: SessionOutputOptions) {
    this.#output = output;
    this.#filter = new TerminalFilter(output.terminalLine);
    this.#isRaw = raw;
    this.#stream = stream;
    this.#skip = new Skip(skipped);
  }

  async write(given: Buffer): Promise<void> {
    const output = this.#output;
    const bytes = this.#skip.rest(given);
    if (bytes.length === 0) return;
    // Also of what is passed raw: the filter tells what it leaves on the terminal.
    const passed = output.isTerminal ? this.#filter.filter(bytes) : bytes;
    output.terminalLine.isRaw ||= this.#isRaw;
    const stream = this.#stream;
    await output.write(this.#isRaw ? bytes : passed, stream && { stream, bytes: bytes.length });
  }

  /** Resets the terminal's colours and cursor; printed text remains. */
  async end(): Promise<void> {
    const { isTerminal, terminalLine } = this.#output;
    const text = isTerminal ? terminalLine.restored() : "";
    if (text !== "") await this.#output.write(text);
  }
}
