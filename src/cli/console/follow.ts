/**
 * Follows the console log of a session: a plain file that conmon writes and nobody else, so the daemon has no part.
 */
import { type FSWatcher, watch } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { ConsoleSegment, ConsoleStream } from "../../podman/console-log.ts";
import type { SessionOutput } from "../terminal/session-output.ts";
import { ConsoleLogFile, type ReadOptions } from "./console-log-file.ts";

/** File watches can be exhausted or unsupported by a file system: then output is delayed by this time. */
const POLL_MS = 500;

export interface FollowOptions extends ReadOptions {
  /** Where each stream of the command goes. */
  readonly outputs: Readonly<Record<ConsoleStream, Pick<SessionOutput, "write">>>;
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
  try {
    for (;;) {
      // Checked before reading, so that everything written before the end is read.
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
