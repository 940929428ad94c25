/** What the lines of a ledger add up to. A request whose end is missing is charged in full. */
import { openRegularFile } from "../../regular-file.ts";
import { LineSplitter } from "../../rpc/framing.ts";
import {
  type CountedLine,
  type LedgerLine,
  ledgerLine,
  type ReserveLine,
  type SettleLine,
} from "./ledger-line.ts";

/** Tokens as they were reported: of requests about which nothing was, there are none. */
export interface TokenSums {
  readonly input_tokens: number;
  readonly cached_tokens: number;
  readonly cache_write_tokens: number;
  readonly output_tokens: number;
  readonly reasoning_tokens: number;
}

/** What one model has cost. */
export interface ModelSums extends TokenSums {
  readonly requests: number;
  /** Nano-dollars of those with a price. */
  readonly nano: number;
  readonly unpriced: number;
}

export interface LedgerSums extends TokenSums {
  /** Requests that were sent. */
  readonly requests: number;
  readonly refused: number;
  /** Nano-dollars that are charged; of requests without a price, none. */
  readonly nano: number;
  /** Tokens that are charged: those reported, and where nothing was, those reserved. */
  readonly charged_tokens: number;
  /** Requests that cost something unknown. */
  readonly unpriced: number;
  /** Requests whose end is not in the ledger, or that were charged in full because nothing was reported. */
  readonly charged_in_full: number;
  /** Whether each request had a bound. */
  readonly exact: boolean;
  /** By the model that answered; the one that was asked for where none did. In the order in which they were first used. */
  readonly models: ReadonlyMap<string, ModelSums>;
  /** Lines that are none: a write was cut short. */
  readonly unreadable: number;
}

/** Longest line that is one of ours. */
const LONGEST_LINE = 16 * 1024;
/** Models that are counted each for itself. */
const MAX_MODELS = 200;
/** Where the rest of them is counted, and what is only in counters. */
export const OTHER_MODELS = "(other models)";

const NO_TOKENS: TokenSums = {
  input_tokens: 0,
  cached_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
};
const TOKENS = Object.keys(NO_TOKENS) as readonly (keyof TokenSums)[];
const NO_MODEL: ModelSums = { ...NO_TOKENS, requests: 0, nano: 0, unpriced: 0 };

/** Adds up lines as they come. */
export class LedgerTally {
  readonly #open = new Map<number, ReserveLine>();
  readonly #models = new Map<string, ModelSums>();
  #counted: CountedLine | undefined;
  #sums = {
    ...NO_TOKENS,
    requests: 0,
    refused: 0,
    nano: 0,
    charged_tokens: 0,
    unpriced: 0,
    charged_in_full: 0,
  };
  #exact = true;
  #unreadable = 0;
  #lastId = -1;

  /** Takes the text of the next line; one that is no line of a ledger is counted. */
  addText(text: string): void {
    const line = parse(text);
    if (line === undefined) this.#unreadable += 1;
    else this.add(line);
  }

  addUnreadable(): void {
    this.#unreadable += 1;
  }

  add(line: LedgerLine): void {
    if (line.kind === "refused") this.#sums.refused += 1;
    else if (line.kind === "counted") this.#counted = line;
    else if (line.kind === "reserve") this.#reserve(line);
    else this.#settle(line);
  }

  /** The next request's number. */
  get nextId(): number {
    return this.#lastId + 1;
  }

  /** Requests that have no end, in their order. */
  get unsettled(): readonly ReserveLine[] {
    return [...this.#open.values()];
  }

  get counted(): CountedLine | undefined {
    return this.#counted;
  }

  get sums(): LedgerSums {
    const whole = new LedgerTally();
    whole.#take(this);
    return { ...whole.#sums, exact: whole.#exact, models: whole.#models, unreadable: whole.#unreadable };
  }

  /** Takes over another's sums, with what is open there as charged in full. */
  #take(other: LedgerTally): void {
    this.#sums = { ...other.#sums };
    this.#exact = other.#exact;
    this.#unreadable = other.#unreadable;
    for (const [model, sums] of other.#models) this.#models.set(model, sums);
    for (const { model, reserved_nano: nano, reserved_tokens: tokens } of other.#open.values()) {
      this.#charge(model, NO_TOKENS, nano, tokens ?? 0);
      this.#sums.charged_in_full += 1;
    }
    if (other.#counted !== undefined) this.#takeCounters(other.#counted);
  }

  #takeCounters(counted: CountedLine): void {
    const { requests, open, unpriced } = counted;
    this.#sums.refused += counted.refused;
    this.#sums.charged_tokens += counted.charged_tokens + counted.open_tokens;
    this.#sums.charged_in_full += open;
    if (counted.unbounded > 0) this.#exact = false;
    if (requests + open === 0) return;
    this.#addTo(OTHER_MODELS, counted, {
      requests: requests + open,
      nano: counted.nano + counted.open_nano,
      unpriced,
    });
  }

  #reserve(line: ReserveLine): void {
    this.#open.set(line.id, line);
    this.#lastId = Math.max(this.#lastId, line.id);
    if (line.unbounded.length > 0) this.#exact = false;
  }

  #settle(line: SettleLine): void {
    const reserve = this.#open.get(line.id);
    if (reserve === undefined) {
      // Its beginning is gone, or somebody wrote it twice: once is enough.
      this.#unreadable += 1;
      return;
    }
    this.#open.delete(line.id);
    const tokens = Object.fromEntries(TOKENS.map((name) => [name, line[name] ?? 0])) as unknown as TokenSums;
    const isInFull = line.settlement === "reserved";
    if (isInFull) this.#sums.charged_in_full += 1;
    const charged = isInFull ? (reserve.reserved_tokens ?? 0) : chargedTokens(tokens);
    this.#charge(line.model_answered ?? reserve.model, tokens, line.nano, charged);
  }

  #charge(model: string, tokens: TokenSums, nano: number | null, charged: number): void {
    this.#sums.charged_tokens += charged;
    this.#addTo(model, tokens, { requests: 1, nano: nano ?? 0, unpriced: nano === null ? 1 : 0 });
  }

  #addTo(model: string, tokens: TokenSums, numbers: Pick<ModelSums, "requests" | "nano" | "unpriced">): void {
    const isKnown = this.#models.has(model) || this.#models.size < MAX_MODELS;
    const name = isKnown ? model : OTHER_MODELS;
    const before = this.#models.get(name) ?? NO_MODEL;
    const sums = { ...before };
    for (const key of TOKENS) {
      sums[key] += tokens[key];
      this.#sums[key] += tokens[key];
    }
    for (const key of ["requests", "nano", "unpriced"] as const) {
      sums[key] += numbers[key];
      this.#sums[key] += numbers[key];
    }
    this.#models.set(name, sums);
  }
}

/** Tokens of all kinds, as a limit in tokens counts them. */
export function chargedTokens(tokens: TokenSums): number {
  return tokens.input_tokens + tokens.cached_tokens + tokens.cache_write_tokens + tokens.output_tokens;
}

/**
 * Adds up a file. A running session's is fine.
 *
 * @throws NotRegularFileError; Error of the file system: `ENOENT` where a session had no gateway.
 */
export async function sumLedger(path: string): Promise<LedgerSums> {
  const file = await openRegularFile(path);
  return (await readLedger(file.createReadStream())).tally.sums;
}

/** Reads lines from a stream of bytes. @returns what they add up to, how many there are, and whether the last is cut. */
export async function readLedger(
  stream: AsyncIterable<unknown>,
): Promise<{ tally: LedgerTally; lines: number; isTorn: boolean }> {
  const tally = new LedgerTally();
  const splitter = new LineSplitter(LONGEST_LINE);
  let lines = 0;
  for await (const chunk of stream) {
    for (const frame of splitter.push(chunk as Buffer)) {
      lines += 1;
      if (frame.kind !== "line") tally.addUnreadable();
      else if (frame.text !== "") tally.addText(frame.text);
    }
  }
  if (splitter.isInLine) tally.addUnreadable();
  return { tally, lines, isTorn: splitter.isInLine };
}

function parse(text: string): LedgerLine | undefined {
  try {
    return ledgerLine.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // Not JSON: the caller counts it.
  }
}
