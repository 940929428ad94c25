/**
 * Standard output and standard error as commands use them: bytes out, with backpressure, to a reader that may go.
 */
import { AgentdError, systemCode } from "../errors.ts";

/** What is needed of a writable stream. */
export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  write(chunk: Buffer | string, done: (error?: Error | null) => void): boolean;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** One output; what is written after its reader has gone is dropped without a word, as `| head` expects. */
export class Output {
  readonly isTerminal: boolean;
  readonly #stream: OutputStream;
  readonly #closed = new AbortController();

  constructor(stream: OutputStream) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    // Each write hears of its own error; without a listener the same error would end the process.
    stream.on("error", () => undefined);
  }

  /** Aborts when nobody reads this output any more. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /**
   * Resolves when the bytes are out of our hands.
   *
   * @throws AgentdError `output_failed`.
   */
  write(chunk: Buffer | string): Promise<void> {
    if (this.closed.aborted) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#stream.write(chunk, (error) => {
        const readerGone = isReaderGone(error);
        if (readerGone) this.#closed.abort();
        if (error && !readerGone) reject(unwritable(error));
        else resolve();
      });
    });
  }

  /** Writes a text and a newline. */
  async line(text: string): Promise<void> {
    await this.write(`${text}\n`);
  }

  /** Writes one JSON value, laid out for people and programs alike. */
  async json(value: unknown): Promise<void> {
    await this.line(JSON.stringify(value, null, 2));
  }
}

function unwritable(cause: Error): AgentdError {
  return new AgentdError("output_failed", {
    tried: "write the output",
    why: cause.message,
    next: "Look at where the output goes, such as a full disk.",
    cause,
  });
}

function isReaderGone(error: unknown): boolean {
  const code = systemCode(error);
  return code === "EPIPE" || code === "ERR_STREAM_DESTROYED";
}
