/** A file that grows by lines, which are on disk when the write returns. What is written together is flushed once. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

interface Waiting {
  readonly text: string;
  /** Where it goes; undefined: behind everything else. */
  readonly at: number | undefined;
  readonly done: (where: number) => void;
  readonly failed: (error: unknown) => void;
}

/** The one writer of a file. */
export class LedgerFile {
  readonly #file: FileHandle;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #end: number;

  private constructor(file: FileHandle, end: number) {
    this.#file = file;
    this.#end = end;
  }

  /** Opens the file, or makes it, private to the user. No link is followed. @throws Error of the file system. */
  static async open(path: string): Promise<LedgerFile> {
    // Not O_APPEND: with it Linux ignores the place of a write, and counters are written in place.
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(path, flags, 0o600);
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw new Error(`${path} is not a regular file`);
      return new LedgerFile(file, stats.size);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The whole content. Asked before anything is written. */
  async read(): Promise<Buffer> {
    const content = Buffer.alloc(this.#end);
    let length = 0;
    while (length < content.length) {
      const { bytesRead } = await this.#file.read(content, length, content.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return content.subarray(0, length);
  }

  /** Adds text to the end and makes it durable. @returns where it begins. @throws Error of the file system. */
  append(text: string): Promise<number> {
    return this.#write(text, undefined);
  }

  /** Writes text over what is there, durably. @throws Error of the file system. */
  async replace(text: string, at: number): Promise<void> {
    await this.#write(text, at);
  }

  /** Waits for what is being written. What comes afterwards fails. */
  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    await this.#file.close();
  }

  #write(text: string, at: number | undefined): Promise<number> {
    return new Promise((done, failed) => {
      this.#waiting.push({ text, at, done, failed });
      this.#writing ??= this.#writeWaiting();
    });
  }

  async #writeWaiting(): Promise<void> {
    // All that comes in this turn of the event loop goes in one write.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#writeBatch(this.#waiting.splice(0));
    this.#writing = undefined;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const before = this.#end;
    try {
      const places = [];
      for (const { text, at } of batch) {
        const bytes = Buffer.from(text);
        const place = at ?? this.#end;
        await this.#writeAll(bytes, place);
        if (at === undefined) this.#end += bytes.length;
        places.push(place);
      }
      await this.#file.datasync();
      for (const [index, { done }] of batch.entries()) done(places[index] ?? before);
    } catch (error) {
      // Half a line must not stay where the next one begins.
      this.#end = before;
      await this.#file.truncate(before).catch(() => undefined);
      for (const { failed } of batch) failed(error);
    }
  }

  async #writeAll(bytes: Buffer, place: number): Promise<void> {
    for (let written = 0; written < bytes.length;) {
      const { bytesWritten } = await this.#file.write(
        bytes,
        written,
        bytes.length - written,
        place + written,
      );
      written += bytesWritten;
    }
  }
}
