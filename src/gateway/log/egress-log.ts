/**
 * Writes `egress.jsonl`. A session may make as many connections as it likes: the file, and what waits to be written,
 * stay bounded, and a full disk costs no connection.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { OTHER_HOSTS } from "./egress-hosts.ts";
import type { ConnectionLine, CounterLine } from "./egress-line.ts";

export interface EgressLogOptions {
  /** Its directory exists. The file is made when it is missing, and otherwise continued. */
  readonly path: string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Lines of the file before connections are only counted. Default 10,000. */
  readonly maxLines?: number | undefined;
  /** Hosts that are counted each for itself. Default 1,000. */
  readonly maxCounters?: number | undefined;
}

/** How a log ended. */
export interface LogEnd {
  /** Connections that are in no line of their own, but in counters. */
  readonly counted: number;
  /** Connections that are in the file in no way, because it could not be written. */
  readonly lost: number;
}

const MAX_LINES = 10_000;
const MAX_COUNTERS = 1_000;
/** What may wait for the disk; what comes beyond is counted. */
const MAX_WAITING_LINES = 1_000;
/** Longest host and reason in a line: both may be the session's own text. */
const LONGEST_TEXT = 300;
const NEWLINE = 0x0a;

type Counter = Omit<CounterLine, "time">;

/** The log of one session. */
export class EgressLog {
  readonly #file: FileHandle;
  readonly #options: EgressLogOptions;
  readonly #counters = new Map<string, Counter>();
  #waiting: ConnectionLine[] = [];
  #writing: Promise<void> | undefined;
  #lines: number;
  #tornEnd: boolean;
  #counted = 0;
  #lost = 0;

  private constructor(file: FileHandle, options: EgressLogOptions, lines: number, tornEnd: boolean) {
    this.#file = file;
    this.#options = options;
    this.#lines = lines;
    this.#tornEnd = tornEnd;
  }

  /** Opens the file, or makes it. @throws Error of the file system. */
  static async open(options: EgressLogOptions): Promise<EgressLog> {
    const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
    const file = await open(options.path, flags | constants.O_NONBLOCK, 0o600);
    try {
      if (!(await file.stat()).isFile()) throw new Error(`${options.path} is not a regular file`);
      const { lines, tornEnd } = await measure(file);
      return new EgressLog(file, options, lines, tornEnd);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Whether lines wait to be written. */
  get isWriting(): boolean {
    return this.#writing !== undefined;
  }

  /** Takes a connection that has ended; returns at once. */
  add(line: ConnectionLine): void {
    const safe = {
      ...line,
      host: safeText(line.host),
      reason: line.reason === null ? null : safeText(line.reason),
    };
    const room = Math.min(MAX_WAITING_LINES, (this.#options.maxLines ?? MAX_LINES) - this.#lines);
    if (this.#waiting.length >= room) this.#count(safe);
    else this.#waiting.push(safe);
    this.#writing ??= this.#writeWaiting();
  }

  /** Writes what waits and the counters, and makes both outlive a power cut. */
  async close(): Promise<LogEnd> {
    while (this.#writing !== undefined) await this.#writing;
    const time = new Date(this.#options.now()).toISOString();
    const counters = [...this.#counters.values()].map((counter) => ({ time, ...counter }));
    if (counters.length > 0 && !(await this.#write(counters))) this.#lost = this.#counted;
    // What the disk cannot keep is told by the numbers.
    await this.#file.datasync().catch(() => undefined);
    await this.#file.close().catch(() => undefined);
    return { counted: this.#counted - this.#lost, lost: this.#lost };
  }

  async #writeWaiting(): Promise<void> {
    // All that ends in this turn of the event loop goes in one write.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      this.#lines += lines.length;
      if (await this.#write(lines)) continue;
      this.#lines -= lines.length;
      for (const line of lines) this.#count(line);
    }
    this.#writing = undefined;
  }

  /** Whether all of it is in the file. */
  async #write(lines: readonly (ConnectionLine | CounterLine)[]): Promise<boolean> {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    try {
      // After a write that failed half way, the next line begins on its own.
      await this.#file.appendFile(this.#tornEnd ? `\n${text}` : text);
      this.#tornEnd = false;
      return true;
    } catch {
      this.#tornEnd = true;
      return false;
    }
  }

  #count({ host, port, verdict, rule, bytes_sent: sent, bytes_received: received }: ConnectionLine): void {
    this.#counted += 1;
    const key = JSON.stringify([host, port, verdict, rule]);
    const isFull = this.#counters.size >= (this.#options.maxCounters ?? MAX_COUNTERS);
    const isOther = isFull && !this.#counters.has(key);
    const place = isOther
      ? { host: OTHER_HOSTS, port: null, verdict, rule: "" }
      : { host, port, verdict, rule };
    const kept = JSON.stringify(Object.values(place));
    const before = this.#counters.get(kept) ?? { ...place, connections: 0, bytes_sent: 0, bytes_received: 0 };
    this.#counters.set(kept, {
      ...before,
      connections: before.connections + 1,
      bytes_sent: before.bytes_sent + sent,
      bytes_received: before.bytes_received + received,
    });
  }
}

/** Printable ASCII within a bound: a name that a session made up cannot act on a terminal that shows it. */
function safeText(text: string): string {
  return text.slice(0, LONGEST_TEXT).replaceAll(/[^\x20-\x7e]/g, "?");
}

/** How many lines a file has from an earlier life of the gateway, and whether the last one was cut short. */
async function measure(file: FileHandle): Promise<{ lines: number; tornEnd: boolean }> {
  const chunk = Buffer.alloc(64 * 1024);
  let [lines, last, position] = [0, NEWLINE, 0];
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) return { lines, tornEnd: last !== NEWLINE };
    for (const byte of chunk.subarray(0, bytesRead)) if (byte === NEWLINE) lines += 1;
    last = chunk[bytesRead - 1] ?? NEWLINE;
    position += bytesRead;
  }
}
