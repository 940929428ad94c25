/** Reading bodies of senders who are not known yet, with a bound on each and on all that are in memory together. */
import { AgentdError } from "../../errors.ts";

/** Bytes of all bodies that are being read, or worked on, at most. */
const MOST_HELD = 64 * 1024 * 1024;

export class Bodies {
  readonly #mostBytes: number;
  #held = 0;

  /** @param mostBytes of one body. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /**
   * Reads a body and uses it.
   *
   * @throws AgentdError `body_too_large`, `web_busy`; what reading throws when the sender goes away.
   */
  async use<T>(body: ReadableStream<Uint8Array> | null, use: (body: Buffer) => Promise<T>): Promise<T> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const piece of body ?? []) {
        bytes += piece.length;
        this.#held += piece.length;
        if (bytes > this.#mostBytes) throw tooLarge(this.#mostBytes);
        if (this.#held > MOST_HELD) throw busy();
        pieces.push(piece);
      }
      return await use(Buffer.concat(pieces));
    } finally {
      this.#held -= bytes;
    }
  }
}

function tooLarge(most: number): AgentdError {
  return new AgentdError("body_too_large", {
    tried: "read the delivery",
    why: `its body has more than ${most} bytes`,
    next: "Have the sender leave out what the session does not need.",
  });
}

function busy(): AgentdError {
  return new AgentdError("web_busy", {
    tried: "read the delivery",
    why: `${MOST_HELD} bytes of other deliveries are in memory`,
    next: "Try again later.",
  });
}
