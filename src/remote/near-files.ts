/** What a command on another host reads of the operator's machine: standard input, and the files that were named. */
import { systemCode } from "../errors.ts";
import { type FileFault, type NearKind, PIECE_BYTES } from "./frames.ts";

type Send = (kind: NearKind, content?: Buffer | string) => void;

export interface NearSources {
  readonly stdin: () => AsyncIterable<Buffer | string>;
  readonly readFile: (path: string) => AsyncIterable<Buffer | string>;
}

/** A command that is taken up again gets the same: everything is read once and kept. */
export class NearFiles {
  readonly #words: readonly string[];
  readonly #sources: NearSources;
  readonly #files = new Map<string, Promise<readonly Buffer[]>>();
  #stdin: Promise<readonly Buffer[]> | undefined;

  /** @param words what the operator typed: no file can be asked for that is not named there. */
  constructor(words: readonly string[], sources: NearSources) {
    this.#words = words;
    this.#sources = sources;
  }

  /** Never rejects: input that cannot be read has ended. */
  async sendStdin(send: Send): Promise<void> {
    this.#stdin ??= collect(this.#sources.stdin());
    sendAll("stdin", await this.#stdin.catch(() => []), send);
  }

  /** Never rejects: the other side learns why. */
  async sendFile(path: string, send: Send): Promise<void> {
    try {
      const isNamed = this.#words.some((word) => word === path || word.endsWith(`=${path}`));
      if (!isNamed) throw new Error("the command does not name it");
      const file = this.#files.get(path) ?? collect(this.#sources.readFile(path));
      this.#files.set(path, file);
      sendAll("file", await file, send);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const fault: FileFault = { code: systemCode(error) ?? null, message };
      send("fault", JSON.stringify(fault));
    }
  }
}

/** More than the other side takes is not read to its end. */
const MOST_BYTES = 17 * 1024 * 1024;

async function collect(chunks: AsyncIterable<Buffer | string>): Promise<readonly Buffer[]> {
  const read: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    const part = Buffer.from(chunk as Buffer);
    read.push(part);
    bytes += part.length;
    if (bytes > MOST_BYTES) break;
  }
  return read;
}

function sendAll(kind: "stdin" | "file", chunks: readonly Buffer[], send: Send): void {
  for (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) send(kind, chunk.subarray(at, at + PIECE_BYTES));
  send(kind);
}
