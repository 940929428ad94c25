/**
 * What the sessions of a profile have spent today. All gateways share it: a lock keeps them apart, and what one that was
 * killed had reserved stays charged.
 */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { lock } from "proper-lockfile";
import * as z from "zod";
import { ensureDirectory, syncDirectory } from "../../durable-files.ts";
import { type Enqueue, oneAtATime } from "../../one-at-a-time.ts";
import { isAlive, type ProcessIdentity } from "../../process-identity.ts";

export interface DayLedgerOptions {
  /** Made when it is missing, private to the user. Nothing else is in it. */
  readonly directory: string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Names the day of a time. */
  readonly dayOf: (epochMs: number) => string;
  /** This process: what it leaves reserved when it dies stays charged. */
  readonly self: ProcessIdentity;
}

/** Money of today, in nano-dollars. */
export interface DaySums {
  readonly settled: number;
  /** For requests that have not ended. */
  readonly reserved: number;
}

/** A reservation; it belongs to the day on which it was made. */
export interface DayEntry {
  readonly id: string;
  readonly day: string;
  readonly nano: number;
  /** Resolves when it is on disk; rejects when it may not be: settle it, then, and send nothing. */
  readonly durable: Promise<void>;
}

const nano = z.int().nonnegative();
const line = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("reserve"), id: z.string(), nano, pid: z.int(), start_time: z.string() }),
  z.object({ kind: z.literal("settle"), id: z.string(), nano }),
]);
type Line = z.infer<typeof line>;

/** A gateway that has not touched its lock for this long is dead or hangs; proper-lockfile allows no less than 2 s. */
const LOCK_STALE_MS = 5_000;
const LOCK_RETRY_MS = 10;
/** So that another gateway has its turn. */
const MOST_UNDER_LOCK = 50;
const DAYS_KEPT = 7;
const DAY_FILE = /^(\d{4}-\d{2}-\d{2})\.jsonl$/;
const NEWLINE = 0x0a;

interface Open {
  readonly nano: number;
  readonly owner: ProcessIdentity;
}

/** Work that needs the lock. */
interface Waiting {
  /** Settles what its caller waits for, or rejects. */
  readonly run: (isLost: () => boolean) => Promise<void>;
  readonly reject: (error: unknown) => void;
}

/** One day's file, and what was read of it. */
interface Day {
  readonly name: string;
  readonly file: FileHandle;
  readonly open: Map<string, Open>;
  read: number;
  settled: number;
  /** Behind the last newline: half a line of a gateway that was killed, or that could not write on. */
  tail: Buffer;
}

/** The ledger of one profile. */
export class DayLedger {
  readonly #options: DayLedgerOptions;
  readonly #inTurn: Enqueue = oneAtATime();
  readonly #days = new Map<string, Day>();
  readonly #waiting: Waiting[] = [];

  constructor(options: DayLedgerOptions) {
    this.#options = options;
  }

  /** What was spent today, as of the last look. */
  get sums(): DaySums {
    const day = this.#days.get(this.#today());
    if (day === undefined) return { settled: 0, reserved: 0 };
    const reserved = [...day.open.values()].reduce((sum, each) => sum + each.nano, 0);
    return { settled: day.settled, reserved };
  }

  /** Looks at what other gateways have done. @throws Error where the ledger cannot be read. */
  async refresh(): Promise<DaySums> {
    await this.#underLock(this.#today(), async () => undefined);
    return this.sums;
  }

  /**
   * Takes money of today's: other gateways see it when this resolves. Before the money is spent, wait for `durable`.
   *
   * @param limit of the day.
   * @returns undefined where there is not so much left now.
   * @throws Error where it cannot be written down: then nothing is taken.
   */
  async reserve(amount: number, limit: number): Promise<DayEntry | undefined> {
    const today = this.#today();
    return await this.#underLock(today, async (day) => {
      const { settled, reserved } = this.sums;
      if (settled + reserved + amount > limit) return undefined;
      const { pid, startTime } = this.#options.self;
      const id = randomUUID();
      await append(day, { kind: "reserve", id, nano: amount, pid, start_time: startTime });
      const durable = day.file.datasync();
      // Whoever gives the reservation up need not wait for it.
      durable.catch(() => undefined);
      await readOn(day);
      return { id, day: today, nano: amount, durable };
    });
  }

  /**
   * Gives back what a request did not use. It is not flushed: where a crash of the machine loses it, all stays charged.
   *
   * @throws Error where it cannot be written down: then all stays charged, too.
   */
  async settle({ id, day }: Pick<DayEntry, "id" | "day">, amount: number): Promise<void> {
    await this.#underLock(day, async (found) => {
      await append(found, { kind: "settle", id, nano: amount });
      await readOn(found);
    });
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      for (const { file } of this.#days.values()) await file.close();
      this.#days.clear();
    });
  }

  async #underLock<T>(name: string, work: (day: Day) => Promise<T>): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        run: async (isLost) => {
          const day = await this.#day(name);
          await readOn(day);
          await this.#chargeDead(day);
          // After a standstill of this machine another gateway may write by now.
          if (isLost()) throw new Error("the lock of the ledger was lost");
          resolve(await work(day));
        },
        reject,
      });
      void this.#inTurn(async () => this.#runWaiting());
    });
  }

  /** Everything that waits goes under one lock: taking it costs more than what is done with it. */
  async #runWaiting(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const lost = new AbortController();
    let batch = this.#waiting.splice(0, MOST_UNDER_LOCK);
    try {
      const release = await this.#lock(() => lost.abort());
      for (const { run, reject } of batch) await run(() => lost.signal.aborted).catch(reject);
      batch = [];
      await release().catch(() => undefined);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  async #lock(onCompromised: () => void): Promise<() => Promise<void>> {
    const { directory } = this.#options;
    await ensureDirectory(directory, 0o700);
    return await lock(directory, {
      lockfilePath: join(directory, "lock"),
      realpath: false,
      stale: LOCK_STALE_MS,
      retries: {
        retries: (4 * LOCK_STALE_MS) / LOCK_RETRY_MS,
        factor: 1,
        minTimeout: LOCK_RETRY_MS,
        maxTimeout: LOCK_RETRY_MS,
      },
      onCompromised,
    });
  }

  async #day(name: string): Promise<Day> {
    const known = this.#days.get(name);
    if (known !== undefined) return known;
    const { directory } = this.#options;
    const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
    const file = await open(join(directory, `${name}.jsonl`), flags | constants.O_NONBLOCK, 0o600);
    const day = { name, file, open: new Map<string, Open>(), read: 0, settled: 0, tail: Buffer.alloc(0) };
    this.#days.set(name, day);
    await syncDirectory(directory);
    await this.#forgetOld();
    return day;
  }

  /** What a gateway had reserved that has ended without settling it. */
  async #chargeDead(day: Day): Promise<void> {
    const { self } = this.#options;
    for (const [id, { owner, nano: amount }] of day.open) {
      const isOwn = owner.pid === self.pid && owner.startTime === self.startTime;
      if (isOwn || (await isAlive(owner))) continue;
      day.open.delete(id);
      day.settled += amount;
    }
  }

  /** Closes and removes files of days that nobody asks for any more. */
  async #forgetOld(): Promise<void> {
    const { directory } = this.#options;
    const names = (await readdir(directory)).filter((each) => DAY_FILE.test(each)).sort();
    for (const name of names.slice(0, -DAYS_KEPT)) {
      await unlink(join(directory, name)).catch(() => undefined);
      const key = DAY_FILE.exec(name)?.[1] ?? "";
      await this.#days.get(key)?.file.close();
      this.#days.delete(key);
    }
  }

  #today(): string {
    return this.#options.dayOf(this.#options.now());
  }
}

/** Behind half a line, where there is one. What is added counts once it is read. */
async function append(day: Day, entry: Line): Promise<void> {
  await day.file.appendFile(`${day.tail.length > 0 ? "\n" : ""}${JSON.stringify(entry)}\n`);
}

/** Reads what was added since the last time. */
async function readOn(day: Day): Promise<void> {
  const { size } = await day.file.stat();
  // Somebody has cut it: what is in memory is no longer what is in the file.
  if (size < day.read) throw new Error(`the ledger of ${day.name} has lost lines`);
  const added = Buffer.alloc(size - day.read);
  for (let length = 0; length < added.length;) {
    const { bytesRead } = await day.file.read(added, length, added.length - length, day.read + length);
    if (bytesRead === 0) throw new Error(`the ledger of ${day.name} has lost lines`);
    length += bytesRead;
  }
  day.read = size;
  let text = Buffer.concat([day.tail, added]);
  for (let end = text.indexOf(NEWLINE); end !== -1; end = text.indexOf(NEWLINE)) {
    take(day, text.subarray(0, end).toString("utf8"));
    text = text.subarray(end + 1);
  }
  day.tail = Buffer.from(text);
}

function take(day: Day, text: string): void {
  const entry = parse(text);
  if (entry?.kind === "reserve") {
    const { id, nano: amount, pid, start_time: startTime } = entry;
    day.open.set(id, { nano: amount, owner: { pid, startTime } });
  } else if (entry !== undefined) {
    if (day.open.delete(entry.id)) day.settled += entry.nano;
  }
}

/** Undefined for half a line: its writer has failed, and sent nothing. */
function parse(text: string): Line | undefined {
  try {
    return line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
