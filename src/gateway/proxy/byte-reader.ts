/** Reads numbers and vectors, as TLS writes them, from front to back. Each method throws RangeError at the end. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The next number of so many bytes, from 1 to 6. */
  number(bytes: number): number {
    return this.#take(bytes).readUIntBE(0, bytes);
  }

  /** The next bytes whose count stands before them. @param lengthBytes how many bytes the count has. */
  vector(lengthBytes: number): ByteReader {
    return new ByteReader(this.#take(this.number(lengthBytes)));
  }

  skip(bytes: number): void {
    this.#take(bytes);
  }

  /** What is left, a character a byte. */
  text(): string {
    return this.#take(this.#bytes.length - this.#at).toString("latin1");
  }

  expectEnd(): void {
    if (!this.isAtEnd) throw new RangeError("bytes after the end");
  }

  #take(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new RangeError("too few bytes");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
