/** Reading a request's body, within the memory that a session may use for all of them. */
import type { IncomingMessage } from "node:http";
import { Refusal } from "../dialects/refusal.ts";

export interface TakenRoom {
  /** Gives back all but these bytes. */
  keep(bytes: number): void;
}

/** Bytes that a session's bodies may use at once. Who finds none left waits its turn. */
export class BodyRoom {
  #left: number;
  readonly #line: { readonly bytes: number; readonly done: () => void }[] = [];

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Makes room. The caller gives it back when the body is no longer needed. */
  async take(bytes: number): Promise<TakenRoom> {
    await new Promise<void>((done) => {
      this.#line.push({ bytes, done });
      this.#admit();
    });
    let taken = bytes;
    return {
      keep: (needed) => {
        this.#left += taken - needed;
        taken = needed;
        this.#admit();
      },
    };
  }

  #admit(): void {
    for (let first = this.#line[0]; first !== undefined && first.bytes <= this.#left; first = this.#line[0]) {
      this.#line.shift();
      this.#left -= first.bytes;
      first.done();
    }
  }
}

/**
 * What a request's headers say about its length.
 *
 * @returns the bytes to make room for: those of `content-length`, or the most that there may be.
 * @throws Refusal `too_large`.
 */
export function announcedBytes(request: IncomingMessage, most: number): number {
  const announced = request.headers["content-length"];
  const bytes = announced === undefined ? most : Number(announced);
  if (bytes > most) throw tooLarge(most);
  return bytes;
}

/** @throws Refusal `too_large`, `bad_request`; Error where the client goes away. */
export async function readBody(request: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > most) throw tooLarge(most);
    chunks.push(chunk as Buffer);
  }
  if (request.rawTrailers.length > 0)
    throw new Refusal("bad_request", "Trailers are not accepted. Send headers only.");
  return Buffer.concat(chunks);
}

function tooLarge(most: number): Refusal {
  return new Refusal("too_large", `The body has more than ${most} bytes. Send less at once.`);
}
