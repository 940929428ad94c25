/**
 * The console log of a session as a file: not there at first, then growing, and made anew where a daemon that died
 * while it prepared the session is followed by one that prepares it again.
 */
import { type FileHandle, stat } from "node:fs/promises";
import { AgentdError, sentence } from "../../errors.ts";
import { ifThere } from "../../if-there.ts";
import { ConsoleLogDecoder, type ConsoleSegment, type LogSelection } from "../../podman/console-log.ts";
import { readRedactions } from "../../redaction/redactions.ts";
import { openRegularFile } from "../../regular-file.ts";
import { findTail } from "./console-log-tail.ts";

const CHUNK_BYTES = 1024 * 1024;

export interface ReadOptions {
  /** What is read of it; undefined: everything, byte for byte. */
  readonly selection?: LogSelection | undefined;
  /** Only this many of the last lines that exist at the start; undefined: all. */
  readonly tail?: number | undefined;
}

/** Reads what is new in a console log, decoded. */
export class ConsoleLogFile {
  readonly #path: string;
  readonly #options: ReadOptions;
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  #decoder: ConsoleLogDecoder;
  #handle: FileHandle | undefined;
  #position = 0;

  constructor(path: string, options: ReadOptions) {
    this.#path = path;
    this.#options = options;
    this.#decoder = new ConsoleLogDecoder(options.selection);
  }

  /** What was written since the last call. The segments of one turn are copies. */
  async *news(): AsyncGenerator<ConsoleSegment[]> {
    this.#handle ??= await this.#openFirst();
    for (let handle = this.#handle; handle !== undefined; handle = await this.#openAnew(handle)) {
      yield* this.#untilItsEnd(handle);
    }
  }

  /** What a last line without a newline says. */
  end(): ConsoleSegment[] {
    return this.#decoder.end();
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }

  async *#untilItsEnd(handle: FileHandle): AsyncGenerator<ConsoleSegment[]> {
    for (;;) {
      const { bytesRead } = await handle.read(this.#chunk, 0, CHUNK_BYTES, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      yield this.#decoder.decode(this.#chunk.subarray(0, bytesRead));
    }
  }

  async #openFirst(): Promise<FileHandle | undefined> {
    const { tail, selection } = this.#options;
    const handle = await this.#open();
    if (handle !== undefined && tail !== undefined) {
      this.#position = await findTail(handle, tail, selection?.stream);
    }
    return handle;
  }

  /** Undefined while there is none. */
  async #open(): Promise<FileHandle | undefined> {
    try {
      return await ifThere(openRegularFile(this.#path));
    } catch (cause) {
      throw new AgentdError("record_unusable", {
        tried: `read ${this.#path}`,
        why: sentence(cause),
        next: "Check the record with `agentd audit verify`.",
        cause,
      });
    }
  }

  /** The file that replaced the one being read, at its start; undefined if none did. */
  async #openAnew(handle: FileHandle): Promise<FileHandle | undefined> {
    const [was, is] = await Promise.all([handle.stat(), ifThere(stat(this.#path))]);
    if (is === undefined) return undefined;
    const isOther = is.ino !== was.ino || is.dev !== was.dev;
    // The same log without the values of credentials: it was read to its end, and nothing was added.
    if (isOther && (await readRedactions(this.#path))?.original_bytes === this.#position) return undefined;
    if (!isOther && is.size >= this.#position) return undefined;
    const anew = isOther ? await this.#open() : handle;
    if (anew === undefined) return undefined;
    if (isOther) await handle.close();
    this.#handle = anew;
    this.#position = 0;
    this.#decoder = new ConsoleLogDecoder(this.#options.selection);
    return anew;
  }
}
