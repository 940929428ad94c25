/**
 * Follows the console log of a session: a plain file that conmon writes and nobody else, so the daemon has no part.
 */
import { type FSWatcher, watch } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { ConsoleSegment, ConsoleStream } from "../../podman/console-log.ts";
import type { Fingerprints } from "../../redaction/fingerprints.ts";
import { RedactedStream } from "../../redaction/redacted-stream.ts";
import type { SessionOutput } from "../terminal/session-output.ts";
import { ConsoleLogFile, type ReadOptions } from "./console-log-file.ts";

/** What is held back because it may begin a value is shown when nothing follows for so long. */
const RELEASE_MS = 250;

/** File watches can be exhausted or unsupported by a file system: then output is delayed by this time. */
const POLL_MS = 500;

export interface FollowOptions extends ReadOptions {
  /** Where each stream of the command goes. */
  readonly outputs: Readonly<Record<ConsoleStream, Pick<SessionOutput, "write">>>;
  /**
   * What finds the values of credentials, asked once there is something to print; undefined: it is printed as it is.
   */
  readonly fingerprints: () => Promise<Fingerprints | undefined>;
  /** Aborts once nothing more will be written: what is in the file then is still printed. */
  readonly ended: AbortSignal;
  /** Aborts to leave at once; remaining output is not printed. */
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
  const log = new ConsoleLogFile(file, options);
  const printer = new Printer(options);
  try {
    for (;;) {
      // Checked before reading, so that everything written before the end is read.
      const last = ended.aborted;
      for await (const segments of log.news()) {
        await printer.print(segments);
        if (abandoned.aborted) return;
      }
      if (last) break;
      if (!(await changes.next(printer.canRelease ? RELEASE_MS : undefined))) await printer.release();
      if (abandoned.aborted) return;
    }
    await printer.print(log.end());
    await printer.end();
  } finally {
    changes.close();
    await log.close();
  }
}

const STREAMS: readonly ConsoleStream[] = ["stdout", "stderr"];

/** Prints segments with names in the place of values. */
class Printer {
  readonly #options: FollowOptions;
  #streams: Readonly<Record<ConsoleStream, RedactedStream>> | "as it is" | undefined;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  /** Whether something is held back that `release` would print. */
  get canRelease(): boolean {
    const streams = this.#streams;
    return typeof streams === "object" && STREAMS.some((stream) => streams[stream].canRelease);
  }

  async print(segments: readonly ConsoleSegment[]): Promise<void> {
    for (const { stream, bytes, isTime } of segments) {
      const streams = (this.#streams ??= await this.#begin());
      if (streams === "as it is") await this.#write(stream, bytes);
      else
        await this.#write(
          stream,
          isTime === true ? streams[stream].mark(bytes) : streams[stream].push(bytes),
        );
    }
  }

  async release(): Promise<void> {
    await this.#all((stream) => stream.release());
  }

  async end(): Promise<void> {
    await this.#all((stream) => stream.end());
  }

  async #begin(): Promise<Readonly<Record<ConsoleStream, RedactedStream>> | "as it is"> {
    const prints = await this.#options.fingerprints();
    if (prints === undefined || prints.forms.length === 0) return "as it is";
    return { stdout: new RedactedStream(prints), stderr: new RedactedStream(prints) };
  }

  async #all(take: (stream: RedactedStream) => Buffer): Promise<void> {
    const streams = this.#streams;
    if (typeof streams !== "object") return;
    for (const stream of STREAMS) await this.#write(stream, take(streams[stream]));
  }

  async #write(stream: ConsoleStream, bytes: Buffer): Promise<void> {
    if (bytes.length > 0) await this.#options.outputs[stream].write(bytes);
  }
}

/** Resolves when to read again: the file changed, a signal aborted, or some time passed. */
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

  /**
   * Resolves at the next change, at once when one came since the last call.
   *
   * @param longestMs undefined: waits for one.
   * @returns false when none came in that time.
   */
  async next(longestMs?: number): Promise<boolean> {
    if (!this.#pending) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (longestMs !== undefined) timer = setTimeout(resolve, longestMs);
      });
      clearTimeout(timer);
    }
    const hasChanged = this.#pending;
    this.#pending = false;
    return hasChanged;
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
