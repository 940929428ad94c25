/**
 * The ledger of one session: `llm.jsonl`. What a request may cost is on disk before the request leaves, so that a crash
 * makes nothing cheaper. The file is bounded: beyond its lines there is one more, with counters, kept up to date in place.
 */
import { Readable } from "node:stream";
import { oneAtATime } from "../../one-at-a-time.ts";
import { LedgerFile } from "./ledger-file.ts";
import type { CountedLine, RefusedLine, ReserveLine, SettleLine } from "./ledger-line.ts";
import { chargedTokens, type LedgerSums, type LedgerTally, readLedger } from "./ledger-sums.ts";

export interface SessionLedgerOptions {
  /** Its directory exists. The file is made when it is missing, and otherwise continued. */
  readonly path: string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Lines before requests are only counted. Default 10,000. */
  readonly maxLines?: number | undefined;
}

export type Reserved = Omit<ReserveLine, "kind" | "time" | "id">;
export type Settled = Omit<SettleLine, "kind" | "time" | "id">;

/** A request that is in the ledger. */
export interface Entry {
  readonly reserved: Reserved;
  /** Undefined: only the counters know it. */
  readonly id: number | undefined;
}

const MAX_LINES = 10_000;
/** Bytes of the line with counters, so that the next counters fit into its place. */
const COUNTED_BYTES = 800;
const COUNTED_START = '{"kind":"counted"';
/** Longest text of a line that a session or a provider may have written. */
const LONGEST_TEXT = 300;
const NEWLINE = 0x0a;

const NOTHING_COUNTED: Omit<CountedLine, "time"> = {
  kind: "counted",
  requests: 0,
  refused: 0,
  input_tokens: 0,
  cached_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
  nano: 0,
  charged_tokens: 0,
  unpriced: 0,
  unbounded: 0,
  open: 0,
  open_nano: 0,
  open_tokens: 0,
};

/** One session's ledger. */
export class SessionLedger {
  readonly #file: LedgerFile;
  readonly #now: () => number;
  readonly #maxLines: number;
  readonly #oneAtATime = oneAtATime();
  #nextId: number;
  /** With the settlements that are still to come. */
  #lines: number;
  #counted: Omit<CountedLine, "time">;
  /** Undefined: it is not in the file. */
  #countedAt: number | undefined;

  /** What earlier gateways have left; requests that they had not settled are charged in full. */
  readonly before: LedgerSums;

  private constructor(
    file: LedgerFile,
    { now, maxLines = MAX_LINES }: SessionLedgerOptions,
    found: { readonly tally: LedgerTally; readonly lines: number; readonly countedAt: number | undefined },
  ) {
    const { tally } = found;
    this.#file = file;
    this.#now = now;
    this.#maxLines = maxLines;
    this.#nextId = tally.nextId;
    this.#lines = found.lines + tally.unsettled.length;
    this.#counted = chargeOpen(tally.counted);
    this.#countedAt = found.countedAt;
    this.before = tally.sums;
  }

  /** Opens the file and charges in full what is not settled there. @throws Error of the file system. */
  static async open(options: SessionLedgerOptions): Promise<SessionLedger> {
    const file = await LedgerFile.open(options.path);
    try {
      const content = await file.read();
      const { tally, lines, isTorn } = await readLedger(Readable.from([content]));
      // A killed gateway may have left half a line.
      if (isTorn) await file.append("\n");
      const ledger = new SessionLedger(file, options, { tally, lines, countedAt: placeOfCounters(content) });
      await Promise.all(tally.unsettled.map(async (line) => ledger.#chargeInFull(line)));
      if ((tally.counted?.open ?? 0) > 0) await ledger.#writeCounters();
      return ledger;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Writes a request down; it is on disk when this returns. @throws Error of the file system: do not send it. */
  async reserve(reserved: Reserved): Promise<Entry> {
    const safe = { ...reserved, model: safeText(reserved.model) };
    if (this.#lines + 2 > this.#maxLines) return this.#count(safe);
    const id = this.#nextId;
    this.#nextId += 1;
    // One for its end, which has to find room.
    this.#lines += 2;
    try {
      await this.#append({ kind: "reserve", time: this.#time(), id, ...safe });
      return { reserved: safe, id };
    } catch (error) {
      this.#lines -= 2;
      throw error;
    }
  }

  /**
   * Writes a request's end down. It is not flushed by itself: where a crash of the machine loses it, the request counts as
   * charged in full.
   *
   * @throws Error of the file system: it counts as charged in full, too.
   */
  async settle({ reserved, id }: Entry, settled: Settled): Promise<void> {
    const safe = {
      ...settled,
      model_answered: settled.model_answered === null ? null : safeText(settled.model_answered),
      request_id: settled.request_id === null ? null : safeText(settled.request_id),
    };
    if (id !== undefined) {
      await this.#file.appendSoon(textOf({ kind: "settle", time: this.#time(), id, ...safe }));
      return;
    }
    this.#counted = withEnd(this.#counted, reserved, safe);
    await this.#writeCounters();
  }

  /** Writes a refusal down, some time. @throws nothing: a refusal costs nothing. */
  async refused(refused: Omit<RefusedLine, "kind" | "time">): Promise<void> {
    const safe = { ...refused, model: safeText(refused.model), reason: safeText(refused.reason) };
    if (this.#lines + 1 > this.#maxLines) {
      // Not on disk each time: a flood of refusals must not cost more than it has to.
      this.#counted = { ...this.#counted, refused: this.#counted.refused + 1 };
      return;
    }
    this.#lines += 1;
    await this.#file
      .appendSoon(textOf({ kind: "refused", time: this.#time(), ...safe }))
      .catch(() => undefined);
  }

  /** Writes what is only in memory, and closes the file. */
  async close(): Promise<void> {
    const { refused, requests } = this.#counted;
    if (refused + requests > 0) await this.#writeCounters().catch(() => undefined);
    await this.#file.close();
  }

  async #count(reserved: Reserved): Promise<Entry> {
    this.#counted = withOpen(this.#counted, reserved, 1);
    try {
      await this.#writeCounters();
      return { reserved, id: undefined };
    } catch (error) {
      this.#counted = withOpen(this.#counted, reserved, -1);
      throw error;
    }
  }

  async #chargeInFull({ id, reserved_nano: nano }: ReserveLine): Promise<void> {
    await this.#append({
      kind: "settle",
      time: this.#time(),
      id,
      status: null,
      model_answered: null,
      duration_ms: 0,
      first_token_ms: null,
      input_tokens: null,
      cached_tokens: null,
      cache_write_tokens: null,
      output_tokens: null,
      reasoning_tokens: null,
      nano,
      settlement: "reserved",
      request_id: null,
    });
  }

  async #append(line: ReserveLine | SettleLine): Promise<void> {
    await this.#file.append(textOf(line));
  }

  async #writeCounters(): Promise<void> {
    // In turn: the first one decides where the line is.
    await this.#oneAtATime(async () => {
      const { kind, ...counters } = this.#counted;
      const text = JSON.stringify({ kind, time: this.#time(), ...counters }).padEnd(COUNTED_BYTES - 1);
      if (this.#countedAt === undefined) this.#countedAt = await this.#file.append(`${text}\n`);
      else await this.#file.replace(`${text}\n`, this.#countedAt);
    });
  }

  #time(): string {
    return new Date(this.#now()).toISOString();
  }
}

function textOf(line: ReserveLine | SettleLine | RefusedLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** Printable ASCII within a bound: a name that somebody made up cannot act on a terminal that shows it. */
function safeText(text: string): string {
  return text.slice(0, LONGEST_TEXT).replaceAll(/[^\x20-\x7e]/g, "?");
}

function placeOfCounters(content: Buffer): number | undefined {
  for (let at = content.indexOf(COUNTED_START); at !== -1; at = content.indexOf(COUNTED_START, at + 1)) {
    if (at === 0 || content[at - 1] === NEWLINE) return at;
  }
  return undefined;
}

function chargeOpen(counted: CountedLine | undefined): Omit<CountedLine, "time"> {
  if (counted === undefined) return NOTHING_COUNTED;
  const { open, open_nano: nano, open_tokens: tokens } = counted;
  return {
    ...counted,
    requests: counted.requests + open,
    nano: counted.nano + nano,
    charged_tokens: counted.charged_tokens + tokens,
    open: 0,
    open_nano: 0,
    open_tokens: 0,
  };
}

function withOpen(
  counted: Omit<CountedLine, "time">,
  reserved: Reserved,
  sign: 1 | -1,
): Omit<CountedLine, "time"> {
  return {
    ...counted,
    unbounded: counted.unbounded + (reserved.unbounded.length > 0 ? sign : 0),
    open: counted.open + sign,
    open_nano: counted.open_nano + sign * (reserved.reserved_nano ?? 0),
    open_tokens: counted.open_tokens + sign * (reserved.reserved_tokens ?? 0),
  };
}

function withEnd(
  counted: Omit<CountedLine, "time">,
  reserved: Reserved,
  settled: Settled,
): Omit<CountedLine, "time"> {
  const tokens = {
    input_tokens: settled.input_tokens ?? 0,
    cached_tokens: settled.cached_tokens ?? 0,
    cache_write_tokens: settled.cache_write_tokens ?? 0,
    output_tokens: settled.output_tokens ?? 0,
    reasoning_tokens: settled.reasoning_tokens ?? 0,
  };
  const isInFull = settled.settlement === "reserved";
  const charged = isInFull ? (reserved.reserved_tokens ?? 0) : chargedTokens(tokens);
  return {
    ...withOpen(counted, { ...reserved, unbounded: [] }, -1),
    requests: counted.requests + 1,
    nano: counted.nano + (settled.nano ?? 0),
    charged_tokens: counted.charged_tokens + charged,
    unpriced: counted.unpriced + (settled.nano === null ? 1 : 0),
    input_tokens: counted.input_tokens + tokens.input_tokens,
    cached_tokens: counted.cached_tokens + tokens.cached_tokens,
    cache_write_tokens: counted.cache_write_tokens + tokens.cache_write_tokens,
    output_tokens: counted.output_tokens + tokens.output_tokens,
    reasoning_tokens: counted.reasoning_tokens + tokens.reasoning_tokens,
  };
}
