/** A file that grows by lines. Those that must be are on disk when the write returns; together they are flushed once. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

interface Waiting {
  readonly text: string;
  /** Where it goes; undefined: behind everything else. */
  readonly at: number | undefined;
  readonly isDurable: boolean;
  readonly done: (where: number) => void;
  readonly failed: (error: unknown) => void;
}

/** The one writer of a file. */
export class LedgerFile {
  readonly #file: FileHandle;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #end: number;
  /** Whether something is not on disk yet. */
  #isDirty = false;

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
    return this.#write({ text, at: undefined, isDurable: true });
  }

  /**
   * Adds text to the end: a kill of this process does not lose it, a crash of the machine may, until something else is
   * made durable or the file is closed. @throws Error of the file system.
   */
  async appendSoon(text: string): Promise<void> {
    await this.#write({ text, at: undefined, isDurable: false });
  }

  /** Writes text over what is there, durably. @throws Error of the file system. */
  async replace(text: string, at: number): Promise<void> {
    await this.#write({ text, at, isDurable: true });
  }

  /** Waits for what is being written, and makes all durable. What comes afterwards fails. */
  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    const isDirty = this.#isDirty;
    // Closing it again is fine.
    this.#isDirty = false;
    try {
      if (isDirty) await this.#file.datasync();
    } finally {
      await this.#file.close();
    }
  }

  #write(what: Pick<Waiting, "text" | "at" | "isDurable">): Promise<number> {
    return new Promise((done, failed) => {
      this.#waiting.push({ ...what, done, failed });
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
      const places: number[] = [];
      const added: Buffer[] = [];
      for (const { text, at } of batch) {
        const bytes = Buffer.from(text);
        places.push(at ?? this.#end);
        if (at !== undefined) await this.#writeAll(bytes, at);
        else {
          added.push(bytes);
          this.#end += bytes.length;
        }
      }
      // In one write: each one waits for a thread.
      if (added.length > 0) await this.#writeAll(Buffer.concat(added), before);
      this.#isDirty = true;
      if (batch.some(({ isDurable }) => isDurable)) {
        await this.#file.datasync();
        this.#isDirty = false;
      }
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
