/**
 * Standard output and standard error as commands use them: bytes out, with backpressure, to a reader that may go.
 */
import type { Environment } from "../../environment.ts";
import { AgentdError, systemCode } from "../../errors.ts";
import { printableJson } from "./printable.ts";
import { TerminalLine } from "./terminal-line.ts";
import { shortened } from "./text-width.ts";

/** How much of a stream of a session something that is printed has, in bytes. */
export interface Counted {
  readonly stream: "stdout" | "stderr";
  readonly bytes: number;
}

/** What is needed of a writable stream. */
export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  /** Width of a terminal. */
  readonly columns?: number | undefined;
  write(chunk: Buffer | string, done: (error?: Error | null) => void): boolean;
  /** Told of what is written next. Only an output on another host has to know. */
  readonly counts?: (counted: Counted) => void;
  on(event: "error", listener: (error: Error) => void): unknown;
}

const CLEAR_LINE = "\r\x1b[K";

/** One output; data written after the reader has gone is dropped silently, as `| head` expects. */
export class Output {
  readonly isTerminal: boolean;
  /** Whether what is written may be coloured. */
  readonly hasColours: boolean;
  /** What the output of a session has left on the terminal; nothing where there is none. */
  readonly terminalLine: TerminalLine;
  readonly #stream: OutputStream;
  readonly #closed = new AbortController();
  #hasStatus = false;

  /** @param terminalLine shared by outputs on the same terminal; default: one of its own. */
  constructor(stream: OutputStream, env: Environment = {}, terminalLine = new TerminalLine()) {
    this.#stream = stream;
    this.terminalLine = terminalLine;
    this.isTerminal = stream.isTTY === true;
    this.hasColours = this.isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
    // Each write hears of its own error; without a listener the same error would end the process.
    stream.on("error", () => undefined);
  }

  /** Characters in a line of the terminal; undefined when this is none. */
  get columns(): number | undefined {
    return this.isTerminal ? this.#stream.columns || undefined : undefined;
  }

  /** Aborts when nobody reads this output any more. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /**
   * Resolves when the bytes are out of our hands.
   *
   * @param counted what a session has printed of it; undefined: nothing.
   * @throws AgentdError `output_failed`.
   */
  async write(chunk: Buffer | string, counted?: Counted): Promise<void> {
    await Promise.all([this.clearStatus(), this.#send(chunk, counted)]);
  }

  /** Shows a text on the last line of a terminal until anything else is written there; elsewhere nothing. */
  async status(text: string): Promise<void> {
    if (!this.isTerminal) return;
    this.#hasStatus = true;
    await this.#send(CLEAR_LINE + shortened(text, (this.columns ?? Infinity) - 1));
  }

  /** Takes the status away, if there is one. */
  async clearStatus(): Promise<void> {
    if (!this.#hasStatus) return;
    this.#hasStatus = false;
    await this.#send(CLEAR_LINE);
  }

  #send(chunk: Buffer | string, counted?: Counted): Promise<void> {
    if (this.closed.aborted) return Promise.resolve();
    return new Promise((resolve, reject) => {
      if (counted !== undefined) this.#stream.counts?.(counted);
      this.#stream.write(chunk, (error) => {
        const readerGone = isReaderGone(error);
        if (readerGone) this.#closed.abort();
        if (error && !readerGone) reject(unwritable(error));
        else resolve();
      });
    });
  }

  /** Writes a text and a newline; on a terminal, below what a session has printed there and in no colour of its own. */
  async line(text: string): Promise<void> {
    const before = this.isTerminal ? this.terminalLine.begun() : "";
    await this.write(`${before}${text}\n`);
  }

  /** Writes each text and a newline; nothing when there is none. */
  async lines(texts: readonly string[]): Promise<void> {
    await this.write(texts.map((text) => `${text}\n`).join(""));
  }

  /** Writes one JSON value, laid out for people and programs alike. */
  async json(value: unknown): Promise<void> {
    await this.line(printableJson(value, 2));
  }
}

function unwritable(cause: Error): AgentdError {
  return new AgentdError("output_failed", {
    tried: "write the output",
    why: cause.message,
    next: "Check where the output goes, for example for a full disk.",
    cause,
  });
}

function isReaderGone(error: unknown): boolean {
  const code = systemCode(error);
  return code === "EPIPE" || code === "ERR_STREAM_DESTROYED";
}
