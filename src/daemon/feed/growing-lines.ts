import { openRegularFile } from "../../regular-file.ts";
import { LineSplitter } from "../../rpc/framing.ts";

/** Far more than a line of ours has. */
const LONGEST_LINE = 16 * 1024;

/** A whole line, without its newline. */
export interface GrownLine {
  /** Empty for one that is none of ours. */
  readonly text: string;
  /** From 0. */
  readonly index: number;
}

/** Reads a file that others append to, line by line, on and on. */
export class GrowingLines {
  readonly #path: string;
  readonly #splitter = new LineSplitter(LONGEST_LINE);
  #readBytes = 0;
  #lines = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The lines that are whole by now and were not before. @throws Error of the file system: `ENOENT` before it is made. */
  async next(): Promise<readonly GrownLine[]> {
    const file = await openRegularFile(this.#path);
    try {
      const { size } = await file.stat();
      if (size <= this.#readBytes) return [];
      const added = Buffer.alloc(size - this.#readBytes);
      const { bytesRead } = await file.read(added, 0, added.length, this.#readBytes);
      this.#readBytes += bytesRead;
      return this.#splitter.push(added.subarray(0, bytesRead)).map((frame) => {
        this.#lines += 1;
        return { text: frame.kind === "line" ? frame.text : "", index: this.#lines - 1 };
      });
    } finally {
      await file.close();
    }
  }
}
