/**
 * `events.jsonl`: the append-only journal of a session's states, one JSON object per line. Each line has the digest of
 * the one before it, so that none can be changed, dropped, doubled or moved without the next one showing it.
 *
 * No file stays open between lines: a session may last for days, and a journal that was moved away is noticed.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { chmod, open, truncate } from "node:fs/promises";
import { AgentdError, sentence } from "../../errors.ts";
import { type Enqueue, oneAtATime } from "../../one-at-a-time.ts";
import { readRegularFile } from "../../regular-file.ts";
import type { SessionState } from "../../session-document.ts";

/** A line of the journal; the keys beyond these are the details of its event. */
export interface JournalEntry {
  /** From 0, without a gap. */
  readonly seq: number;
  /** RFC 3339, UTC. */
  readonly time: string;
  /** SHA-256 of the bytes of the line before, without its newline, in hex; null in the first line. */
  readonly prev: string | null;
  readonly state: SessionState;
  readonly event?: string;
  readonly [detail: string]: unknown;
}

export interface JournalContents {
  readonly entries: readonly JournalEntry[];
  /** Bytes of all whole lines together. */
  readonly length: number;
  /** The value of `prev` in the next line. */
  readonly digest: string | null;
  /** Bytes at the end that are no whole line: a crash cut them short, and their write was never confirmed. */
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

/** The end of the journal, which the next line continues. */
interface End {
  readonly length: number;
  /** SHA-256 of the last line; null while there is none. */
  readonly digest: string | null;
  readonly last: JournalEntry | undefined;
}

/** O_NONBLOCK: opening a FIFO would wait. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Far more lines than a session's life has. */
const MOST_BYTES = 64 * 1024 * 1024;

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

  /** Adds a line and returns it. When it rejects, the line is not in the journal. */
  async append(
    state: SessionState,
    event?: string,
    details: Readonly<Record<string, unknown>> = {},
    { durable = true }: AppendOptions = {},
  ): Promise<JournalEntry> {
    return await this.#enqueue(async () => {
      const seq = (this.#end.last?.seq ?? -1) + 1;
      const own = {
        seq,
        time: new Date(this.#now()).toISOString(),
        prev: this.#end.digest,
        state,
        ...(event !== undefined && { event }),
      };
      // Twice: first for the place in the line, last because no detail may take these names.
      const entry = { ...own, ...details, ...own };
      const line = Buffer.from(`${JSON.stringify(entry)}\n`);
      await this.#write(line, durable);
      const digest = digestOf(line.subarray(0, -1));
      this.#end = { length: this.#end.length + line.length, digest, last: entry };
      return entry;
    });
  }

  /**
   * Lets a task write the journal, and make it read-only when that succeeds: no other line is added while `task` runs,
   * and the lines that it added are known afterwards.
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
      // On a full disk half a line may be written, and the next one must not follow it directly.
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
  return new Journal(options, { length: 0, digest: null, last: undefined });
}

/** Continues a journal that exists. A line that a crash cut short is removed, and a new line says so. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  // A seal that failed half-way may have made it read-only.
  await chmod(options.path, 0o600);
  const { entries, length, digest, tornBytes } = await readJournal(options.path);
  const last = entries.at(-1);
  const journal = new Journal(options, { length, digest, last });
  if (tornBytes === 0) return journal;
  await truncate(options.path, length);
  const noted = journal.append(last?.state ?? "queued", "journal_repaired", { torn_bytes: tornBytes });
  // The repair is done; a disk too full for the note does not stop a session.
  await noted.catch(() => undefined);
  return journal;
}

/**
 * Reads a journal. A half-written last line is reported, not fatal.
 *
 * @throws AgentdError `record_unusable` when another line is none of a journal's, or when the file cannot be read.
 */
export async function readJournal(path: string): Promise<JournalContents> {
  const content = await readRegularFile(path, MOST_BYTES).catch((error: unknown) => {
    throw unusable(path, sentence(error), error);
  });
  const length = content.lastIndexOf("\n") + 1;
  const entries: JournalEntry[] = [];
  let digest: string | null = null;
  for (let start = 0; start < length;) {
    const end = content.indexOf("\n", start);
    const line = content.subarray(start, end);
    entries.push(parseLine(path, line.toString("utf8"), { seq: entries.length, prev: digest }));
    digest = digestOf(line);
    start = end + 1;
  }
  return { entries, length, digest, tornBytes: content.length - length };
}

/** The first line that is not a journal's or not in its place, in words; undefined when there is none. */
export async function journalFault(path: string): Promise<string | undefined> {
  try {
    await readJournal(path);
    return undefined;
  } catch (error) {
    if (error instanceof AgentdError) return String(error.details?.["fault"]);
    throw error;
  }
}

async function readEnd(path: string): Promise<End> {
  const { entries, length, digest } = await readJournal(path);
  return { length, digest, last: entries.at(-1) };
}

function parseLine(
  path: string,
  line: string,
  { seq, prev }: Pick<JournalEntry, "seq" | "prev">,
): JournalEntry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw unusable(path, `line ${seq + 1} is not JSON`, cause);
  }
  if (!isEntry(value)) throw unusable(path, `line ${seq + 1} has no sequence number, time or state`);
  if (value.seq !== seq) throw unusable(path, `line ${seq + 1} has the sequence number ${value.seq}`);
  if (value.prev !== prev)
    throw unusable(path, `line ${seq + 1} is not a valid next state after the line before it`);
  return value;
}

function isEntry(value: unknown): value is JournalEntry {
  if (typeof value !== "object" || value === null) return false;
  const { seq, time, state } = value as Partial<JournalEntry>;
  return typeof seq === "number" && typeof time === "string" && typeof state === "string";
}

function digestOf(line: Buffer): string {
  return createHash("sha256").update(line).digest("hex");
}

function unusable(path: string, why: string, cause?: unknown): AgentdError {
  return new AgentdError("record_unusable", {
    tried: `read the journal ${path}`,
    why,
    next: "Inspect the file: only agentd should write to it.",
    details: { fault: why },
    cause,
  });
}
