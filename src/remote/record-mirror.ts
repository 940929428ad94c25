/** What a command reads of a record that is on another host: a directory of this one, filled by the methods `log` and `file`. */
import { appendFile, mkdir, mkdtemp, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MAX_LOG_LINES, MAX_PIECE_BYTES } from "../api/limits.ts";
import type { LogLine } from "../api/record-methods.ts";
import { AgentdError } from "../errors.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import type { Caller, CallOptions } from "../rpc/client.ts";
import { removeTree } from "../trees/remove-tree.ts";

/** The end of a log: so many lines, of one of its streams or of both. */
export interface LogEnd {
  readonly lines: number;
  readonly stream?: "stdout" | "stderr" | undefined;
}

/** How long a line that was printed may be on its way, besides the network. */
const LOOK_MS = 250;
const CONSOLE_LOG = "agentd/console.log";

export class RecordMirror {
  /** Of the record, here. */
  readonly directory: string;
  readonly #client: Caller;
  readonly #session: string;
  readonly #inTurn = oneAtATime();
  /** The next line of the log, from 1. */
  #next = 1;

  private constructor(client: Caller, session: string, directory: string) {
    this.directory = directory;
    this.#client = client;
    this.#session = session;
  }

  /**
   * Makes an empty one, which the caller removes.
   *
   * @param logEnd what is wanted of the log at least; default: all.
   */
  static async make(client: Caller, session: string, logEnd?: LogEnd): Promise<RecordMirror> {
    const directory = await mkdtemp(join(tmpdir(), "agentd-record-"));
    await mkdir(join(directory, "agentd"));
    const mirror = new RecordMirror(client, session, directory);
    if (logEnd !== undefined) mirror.#next = await mirror.#beginningOf(logEnd);
    return mirror;
  }

  /** Brings what the log has by now. */
  async update(options: CallOptions = {}): Promise<void> {
    await this.#inTurn(async () => {
      while (await this.#bringLines(options));
    });
  }

  /** Brings on and on what is new, until the signal aborts. Does not reject: `update` tells what is wrong. */
  async follow(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.update({ signal });
        await sleep(LOOK_MS, undefined, { signal });
      }
    } catch {
      // Aborted, or told by the next `update`.
    }
  }

  /** Brings a file. @returns whether there is one. */
  async bring(path: string): Promise<boolean> {
    const pieces: Buffer[] = [];
    try {
      for (let offset = 0, bytes = 1; offset < bytes;) {
        const piece = await this.#client.call("file", {
          ...{ session: this.#session, path, offset, limit: MAX_PIECE_BYTES },
        });
        const data = Buffer.from(piece.data, "base64");
        if (data.length === 0) break;
        pieces.push(data);
        [offset, bytes] = [offset + data.length, piece.bytes];
      }
    } catch (error) {
      if (error instanceof AgentdError && error.code === "copy_failed") return false;
      throw error;
    }
    const file = join(this.directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, Buffer.concat(pieces), { mode: 0o600 });
    return true;
  }

  async remove(): Promise<void> {
    await removeTree(this.directory);
  }

  /** The number of the line with which the end of the log begins, as it is now. */
  async #beginningOf({ lines: wanted, stream }: LogEnd): Promise<number> {
    const { total } = await this.#lines({ from: -1, count: 1 });
    // One more than wanted: of a line that goes on, the beginning is needed, too.
    let missing = wanted === 0 ? 0 : wanted + 1;
    let begin = total + 1;
    while (missing > 0 && begin > 1) {
      const earlier = Math.max(1, begin - Math.min(MAX_LOG_LINES, missing));
      for (let from = earlier; from < begin;) {
        const { lines } = await this.#lines({ from, count: begin - from });
        const last = lines.at(-1);
        if (last === undefined) return earlier;
        const whole = lines.filter((line) => !line.goes_on && (stream ?? line.stream) === line.stream);
        missing -= whole.length;
        from = last.line + 1;
      }
      begin = earlier;
    }
    return begin;
  }

  async #lines(part: { readonly from: number; readonly count: number }, options: CallOptions = {}) {
    return await this.#client.call("log", { session: this.#session, ...part }, options);
  }

  /** @returns whether there may be more. */
  async #bringLines(options: CallOptions): Promise<boolean> {
    const { lines, total } = await this.#lines({ from: this.#next, count: MAX_LOG_LINES }, options);
    const file = join(this.directory, CONSOLE_LOG);
    if (this.#next > total + 1) {
      // A session that was prepared again has another log.
      await truncate(file);
      this.#next = 1;
      return true;
    }
    const last = lines.at(-1);
    if (last === undefined) return false;
    await appendFile(file, lines.map(asWritten).join(""), { mode: 0o600 });
    this.#next = last.line + 1;
    return last.line < total;
  }
}

/** A line as conmon writes it, which is what commands read. */
function asWritten({ time, stream, text, goes_on: goesOn }: LogLine): string {
  return time === null ? `${text}\n` : `${time} ${stream} ${goesOn ? "P" : "F"} ${text}\n`;
}
