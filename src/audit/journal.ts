/**
 * `events.jsonl`: the append-only journal of a session's states, one JSON object per line.
 *
 * No file stays open between lines: a session may last for days, and a journal that was moved away is noticed.
 */
import { constants } from "node:fs";
import { chmod, open, readFile, truncate } from "node:fs/promises";
import { AgentdError, sentence } from "../errors.ts";
import type { SessionState } from "../session-document.ts";
import { oneAtATime, type Enqueue } from "./one-at-a-time.ts";

/** A line of the journal; the keys beyond these are the details of its event. */
export interface JournalEntry {
  /** From 0, without a gap. */
  readonly seq: number;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly state: SessionState;
  readonly event?: string;
  readonly [detail: string]: unknown;
}

export interface JournalContents {
  readonly entries: readonly JournalEntry[];
  /** Bytes of all whole lines together. */
  readonly length: number;
  /** Bytes at the end that are no whole line: what a crash cut short, and what nobody was told is written. */
  readonly tornBytes: number;
}

export interface JournalOptions {
  readonly path: string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

export interface AppendOptions {
  /** Whether the line outlives a power cut once `append` resolves. Default true. */
  readonly durable?: boolean | undefined;
}

/** Where the journal ends: what the next line builds on. */
interface End {
  readonly length: number;
  readonly last: JournalEntry | undefined;
}

const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;

/** The writer of one journal. Only one may exist at a time. */
export class Journal {
  readonly #path: string;
  readonly #now: () => number;
  readonly #enqueue: Enqueue = oneAtATime();
  #end: End;

  /** Use `createJournal` or `openJournal`. */
  constructor(options: JournalOptions, end: End) {
    this.#path = options.path;
    this.#now = options.now;
    this.#end = end;
  }

  /** The newest line; undefined while there is none. */
  get last(): JournalEntry | undefined {
    return this.#end.last;
  }

  /** Adds a line. When it rejects, the line is not in the journal. */
  async append(
    state: SessionState,
    event?: string,
    details: Readonly<Record<string, unknown>> = {},
    { durable = true }: AppendOptions = {},
  ): Promise<void> {
    await this.#enqueue(async () => {
      const seq = (this.#end.last?.seq ?? -1) + 1;
      const own = {
        seq,
        time: new Date(this.#now()).toISOString(),
        state,
        ...(event !== undefined && { event }),
      };
      // Twice: first for the place in the line, last because no detail may take these names.
      const entry = { ...own, ...details, ...own };
      const line = Buffer.from(`${JSON.stringify(entry)}\n`);
      await this.#write(line, durable);
      this.#end = { length: this.#end.length + line.length, last: entry };
    });
  }

  /**
   * Lets somebody else write the journal, and make it read-only when that succeeds: no line is added while `task` runs,
   * and what it added is known after.
   */
  async lend<T>(task: () => Promise<T>): Promise<T> {
    return await this.#enqueue(async () => {
      try {
        return await task();
      } catch (error) {
        await chmod(this.#path, 0o600);
        throw error;
      } finally {
        this.#end = await readEnd(this.#path);
      }
    });
  }

  async #write(line: Buffer, durable: boolean): Promise<void> {
    const file = await open(this.#path, APPEND);
    try {
      await file.writeFile(line);
      if (durable) await file.datasync();
    } catch (error) {
      // On a full disk half a line may be written, and the next one must not be glued to it.
      await file.truncate(this.#end.length);
      throw error;
    } finally {
      await file.close();
    }
  }
}

/** Starts a journal, empty and not yet durable: the first durable line makes it so. */
export async function createJournal(options: JournalOptions): Promise<Journal> {
  const file = await open(options.path, "wx", 0o600);
  await file.close();
  return new Journal(options, { length: 0, last: undefined });
}

/** Goes on with a journal that exists. What a crash cut short at its end is removed, and a line says so. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  // A seal that failed half-way may have made it read-only.
  await chmod(options.path, 0o600);
  const { entries, length, tornBytes } = await readJournal(options.path);
  const last = entries.at(-1);
  const journal = new Journal(options, { length, last });
  if (tornBytes === 0) return journal;
  await truncate(options.path, length);
  await journal.append(last?.state ?? "queued", "journal_repaired", { torn_bytes: tornBytes });
  return journal;
}

/**
 * Reads a journal. A half-written last line is reported, not fatal.
 *
 * @throws AgentdError `record_unusable` when another line is none of a journal's, or when the file cannot be read.
 */
export async function readJournal(path: string): Promise<JournalContents> {
  const content = await readFile(path).catch((error: unknown) => {
    throw unusable(path, sentence(error), error);
  });
  const length = content.lastIndexOf("\n") + 1;
  const lines = content.toString("utf8", 0, length).split("\n").slice(0, -1);
  const entries = lines.map((line, seq) => parseLine(path, line, seq));
  return { entries, length, tornBytes: content.length - length };
}

async function readEnd(path: string): Promise<End> {
  const { entries, length } = await readJournal(path);
  return { length, last: entries.at(-1) };
}

function parseLine(path: string, line: string, seq: number): JournalEntry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw unusable(path, `line ${seq + 1} is not JSON`, cause);
  }
  if (!isEntry(value)) throw unusable(path, `line ${seq + 1} has no sequence number, time or state`);
  if (value.seq !== seq) throw unusable(path, `line ${seq + 1} has the sequence number ${value.seq}`);
  return value;
}

function isEntry(value: unknown): value is JournalEntry {
  if (typeof value !== "object" || value === null) return false;
  const { seq, time, state } = value as Partial<JournalEntry>;
  return typeof seq === "number" && typeof time === "string" && typeof state === "string";
}

function unusable(path: string, why: string, cause?: unknown): AgentdError {
  return new AgentdError("record_unusable", {
    tried: `read the journal ${path}`,
    why,
    next: "Look into the file: nothing but agentd should write it.",
    cause,
  });
}
