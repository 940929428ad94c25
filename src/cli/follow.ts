/**
 * Follows the console log of a session: a plain file that conmon writes and nobody else, so the daemon has no part.
 */
import { watch, type FSWatcher } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemCode } from "../errors.ts";
import {
  ConsoleLogDecoder,
  type ConsoleSegment,
  type ConsoleStream,
  type LogSelection,
} from "./console-log.ts";
import { findTail } from "./console-log-tail.ts";
import type { Output } from "./output.ts";

const CHUNK_BYTES = 1024 * 1024;

/** File watches can be used up or missing on a file system: then output comes this late. */
const POLL_MS = 500;

export interface FollowOptions {
  /** Where each stream of the command goes. */
  readonly outputs: Readonly<Record<ConsoleStream, Pick<Output, "write">>>;
  /** What is printed of it; undefined: everything, byte for byte. */
  readonly selection?: LogSelection | undefined;
  /** Only so many of the lines that are there at the beginning; undefined: all. */
  readonly tail?: number | undefined;
  /** Aborts once nothing more will be written: what is in the file then is still printed. */
  readonly ended: AbortSignal;
  /** Aborts to leave at once, whatever is still to be printed. */
  readonly abandoned: AbortSignal;
}

/** The console log of a record, which does not exist before the container starts. */
export function consoleLogOf(record: string): string {
  return join(record, "agentd", "console.log");
}

/** Prints a console log from its beginning until it ends or is abandoned. */
export async function followConsoleLog(file: string, options: FollowOptions): Promise<void> {
  const { ended, abandoned } = options;
  const changes = new Changes(file, [ended, abandoned]);
  const log = new ConsoleLog(file, options);
  try {
    for (;;) {
      // Asked before reading: what was written until the end is read after it.
      const last = ended.aborted;
      for await (const segments of log.news()) {
        await print(segments, options);
        if (abandoned.aborted) return;
      }
      if (last) break;
      await changes.next();
      if (abandoned.aborted) return;
    }
    await print(log.end(), options);
  } finally {
    changes.close();
    await log.close();
  }
}

async function print(segments: readonly ConsoleSegment[], { outputs }: FollowOptions): Promise<void> {
  for (const { stream, bytes } of segments) await outputs[stream].write(bytes);
}

/** Reads what is new in the file, decoded. */
class ConsoleLog {
  readonly #file: string;
  readonly #tail: number | undefined;
  readonly #stream: ConsoleStream | undefined;
  readonly #decoder: ConsoleLogDecoder;
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  #handle: FileHandle | undefined;
  #position = 0;

  constructor(file: string, { selection, tail }: Pick<FollowOptions, "selection" | "tail">) {
    this.#file = file;
    this.#tail = tail;
    this.#stream = selection?.stream;
    this.#decoder = new ConsoleLogDecoder(selection);
  }

  async *news(): AsyncGenerator<ConsoleSegment[]> {
    this.#handle ??= await this.#open();
    if (this.#handle === undefined) return;
    for (;;) {
      const { bytesRead } = await this.#handle.read(this.#chunk, 0, CHUNK_BYTES, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      yield this.#decoder.decode(this.#chunk.subarray(0, bytesRead));
    }
  }

  end(): ConsoleSegment[] {
    return this.#decoder.end();
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }

  async #open(): Promise<FileHandle | undefined> {
    const handle = await openIfExists(this.#file);
    if (handle !== undefined && this.#tail !== undefined) {
      this.#position = await findTail(handle, this.#tail, this.#stream);
    }
    return handle;
  }
}

/** Tells when it is worth looking again: the file changed, a signal aborted, or some time went by. */
class Changes {
  readonly #signals: readonly AbortSignal[];
  readonly #poll: NodeJS.Timeout;
  readonly #watcher: FSWatcher | undefined;
  readonly #ring = () => this.#changed();
  #pending = false;
  #wake: () => void = () => undefined;

  constructor(file: string, signals: readonly AbortSignal[]) {
    this.#signals = signals;
    for (const signal of signals) signal.addEventListener("abort", this.#ring);
    this.#poll = setInterval(this.#ring, POLL_MS);
    this.#watcher = watchDirectory(file, this.#ring);
  }

  /** Resolves at the next change, at once when one came since the last call. */
  async next(): Promise<void> {
    if (!this.#pending) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#pending = false;
  }

  close(): void {
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#ring);
    clearInterval(this.#poll);
    this.#watcher?.close();
  }

  #changed(): void {
    this.#pending = true;
    this.#wake();
  }
}

/** Watches the directory, because the file may not exist yet. */
function watchDirectory(file: string, changed: () => void): FSWatcher | undefined {
  const name = basename(file);
  try {
    const watcher = watch(dirname(file), (_event, changedName) => {
      if (changedName === name) changed();
    });
    watcher.on("error", () => watcher.close()); // The poll goes on without it.
    return watcher;
  } catch {
    return undefined; // As above: no watches left, or a file system without them.
  }
}

async function openIfExists(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
