/** A session's output as JSON, one object per line. */
import type { ConsoleStream } from "../../podman/console-log.ts";
import type { Output } from "../terminal/output.ts";
import { printableJson } from "../terminal/printable.ts";
import { Skip } from "../terminal/skip.ts";

/** A line of one stream, or a part of a long one. */
interface JsonLine {
  /** When it was printed, in RFC 3339; null where the log does not say. */
  readonly time: string | null;
  readonly stream: ConsoleStream;
  /** Without its newline; what is not UTF-8 is replaced. */
  readonly text: string;
  /** Whether the stream's next object goes on with the same line. */
  readonly continues: boolean;
}

const NEWLINE = 0x0a;
/** How much of an unfinished line is kept. */
const MOST_BYTES = 1024 * 1024;
const TIME = /^(\d{4}-\d{2}-\d{2}T\S+) /;

/** Takes the bytes of one stream, of which each line begins with its time. */
export class ConsoleJson {
  readonly #stream: ConsoleStream;
  readonly #output: Pick<Output, "write">;
  readonly #skip: Skip;
  #line = Buffer.alloc(0);
  #isContinued = false;
  #time: string | null = null;

  /** @param skipped how many bytes were printed before, up to the end of a line, and are left out now. */
  constructor(stream: ConsoleStream, output: Pick<Output, "write">, skipped = 0) {
    this.#stream = stream;
    this.#output = output;
    this.#skip = new Skip(skipped);
  }

  async write(bytes: Buffer): Promise<void> {
    const data = Buffer.concat([this.#line, this.#skip.rest(bytes)]);
    let objects = "";
    let start = 0;
    for (let end = data.indexOf(NEWLINE); end !== -1; end = data.indexOf(NEWLINE, start)) {
      objects += this.#object(data.subarray(start, end), false);
      start = end + 1;
    }
    for (; data.length - start > MOST_BYTES; start += MOST_BYTES)
      objects += this.#object(data.subarray(start, start + MOST_BYTES), true);
    this.#line = Buffer.from(data.subarray(start));
    if (objects !== "") await this.#print(objects, start);
  }

  /** Writes a last line without a newline. */
  async end(): Promise<void> {
    if (this.#line.length > 0) await this.#print(this.#object(this.#line, false), this.#line.length);
    this.#line = Buffer.alloc(0);
  }

  async #print(objects: string, bytes: number): Promise<void> {
    await this.#output.write(objects, { stream: this.#stream, bytes });
  }

  #object(bytes: Buffer, continues: boolean): string {
    const said = bytes.toString("utf8");
    const [header = "", time = null] = this.#isContinued ? ["", this.#time] : (TIME.exec(said) ?? []);
    this.#time = time;
    this.#isContinued = continues;
    const line: JsonLine = { time, stream: this.#stream, text: said.slice(header.length), continues };
    return `${printableJson(line)}\n`;
  }
}
