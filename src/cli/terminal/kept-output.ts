/** An output that keeps what is written, for who reads it in this process. */
import type { OutputStream } from "./output.ts";

export class KeptOutput implements OutputStream {
  readonly #pieces: Buffer[] = [];

  get text(): string {
    return Buffer.concat(this.#pieces).toString("utf8");
  }

  write(chunk: Buffer | string, done: (error?: Error | null) => void): boolean {
    this.#pieces.push(Buffer.from(chunk));
    done();
    return true;
  }

  /** It has no errors. */
  on(): this {
    return this;
  }
}
