import { stat } from "node:fs/promises";
import type { EventData, EventType, NewEvent } from "../../events/event.ts";
import { ifThere } from "../../if-there.ts";
import { exhaustedLimit } from "../../llm/budget/exhausted.ts";
import {
  type CountedLine,
  LEDGER_FILE,
  type LedgerLine,
  ledgerLine,
  type ReserveLine,
  type SettleLine,
} from "../../llm/ledger/ledger-line.ts";
import { chargedTokens } from "../../llm/ledger/ledger-sums.ts";
import { usdNumber } from "../../llm/money/nano.ts";
import { openRegularFile } from "../../regular-file.ts";
import { GrowingLines } from "./growing-lines.ts";
import type { SessionPlace } from "./session-place.ts";

/** What a session may use; undefined: no limit. */
export interface BudgetLimits {
  readonly maxUsdNano?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly maxRequests?: number | undefined;
}

type BudgetType = Extract<EventType, `llm.${string}`>;
type Data = EventData<"llm.budget_50">;

/** From what share of a limit on an event is told, lowest first. */
const SHARES: readonly (readonly [number, BudgetType])[] = [
  [0.5, "llm.budget_50"],
  [0.8, "llm.budget_80"],
  [0.95, "llm.budget_95"],
  [1, "llm.budget_exhausted"],
];

const NOTHING = { nano: 0, tokens: 0, requests: 0 };
/** The bytes of the line that the gateway keeps up to date in place. */
const COUNTED_BYTES = 800;

/**
 * What the ledger of a session's language models tells: when its use passes shares of a limit. Each share is told once; of
 * several that one line passes, the highest. Only what is settled counts.
 */
export class BudgetEvents {
  readonly #place: SessionPlace;
  readonly #path: string;
  readonly #limits: BudgetLimits;
  readonly #lines: GrowingLines;
  readonly #open = new Map<number, ReserveLine>();
  readonly #used = { ...NOTHING };
  /** The line with counters: where it is in the file, its number, and what it says. */
  #counted: { readonly at: number; readonly index: number; readonly used: typeof NOTHING } | undefined;
  #changedMs = -1;
  #readBytes = 0;
  /** How many of the shares were told. */
  #told: number;

  /** @param last the last of its events in the feed. */
  constructor(
    place: SessionPlace,
    { path, limits, last }: { path: string; limits: BudgetLimits; last: EventType | undefined },
  ) {
    this.#place = place;
    this.#path = path;
    this.#limits = limits;
    this.#lines = new GrowingLines(path);
    this.#told = SHARES.findIndex(([, type]) => type === last) + 1;
  }

  async next(): Promise<NewEvent[]> {
    const stats = await ifThere(stat(this.#path));
    if (stats === undefined || stats.mtimeMs === this.#changedMs) return [];
    const lines = await this.#lines.next();
    const events = lines.flatMap(({ text, index }) => {
      const at = this.#readBytes;
      this.#readBytes += Buffer.byteLength(text) + 1;
      const line = parse(text);
      return (line && this.#eventOf(line, { at, index })) ?? [];
    });
    const counted = await this.#countedAgain();
    this.#changedMs = stats.mtimeMs;
    return counted === undefined ? events : [...events, counted];
  }

  /** The counters may have changed in their place. */
  async #countedAgain(): Promise<NewEvent | undefined> {
    if (this.#counted === undefined) return undefined;
    const file = await openRegularFile(this.#path);
    try {
      const { buffer } = await file.read(Buffer.alloc(COUNTED_BYTES), 0, COUNTED_BYTES, this.#counted.at);
      const line = parse(buffer.toString("utf8"));
      return line?.kind === "counted" ? this.#eventOf(line, this.#counted) : undefined;
    } finally {
      await file.close();
    }
  }

  #eventOf(line: LedgerLine, where: { readonly at: number; readonly index: number }): NewEvent | undefined {
    const { time } = line;
    const place = { ...this.#place(LEDGER_FILE), time, source_seq: where.index };
    if (line.kind === "refused") {
      const limit = exhaustedLimit(line.reason);
      if (limit === undefined || this.#told >= SHARES.length) return undefined;
      this.#told = SHARES.length;
      return { ...place, type: "llm.budget_exhausted", data: this.#dataOf(limit) };
    }
    if (line.kind === "reserve") this.#reserve(line);
    else if (line.kind === "settle") this.#settle(line);
    else this.#counted = { at: where.at, index: where.index, used: usedBy(line) };
    const closest = this.#closest();
    const passed = SHARES.filter(([share]) => closest !== undefined && closest.share >= share).length;
    const type = SHARES[passed - 1]?.[1];
    if (closest === undefined || type === undefined || passed <= this.#told) return undefined;
    this.#told = passed;
    return { ...place, type, data: closest.data };
  }

  #reserve(line: ReserveLine): void {
    this.#open.set(line.id, line);
    this.#used.requests += 1;
  }

  #settle(line: SettleLine): void {
    const reserved = this.#open.get(line.id);
    this.#open.delete(line.id);
    this.#used.nano += line.nano ?? 0;
    const { input_tokens, cached_tokens, cache_write_tokens, output_tokens } = line;
    this.#used.tokens +=
      line.settlement === "reserved"
        ? (reserved?.reserved_tokens ?? 0)
        : chargedTokens({
            input_tokens: input_tokens ?? 0,
            cached_tokens: cached_tokens ?? 0,
            cache_write_tokens: cache_write_tokens ?? 0,
            output_tokens: output_tokens ?? 0,
            reasoning_tokens: 0,
          });
  }

  /** The limit of which the largest share is used. */
  #closest(): { readonly share: number; readonly data: Data } | undefined {
    const found = (["usd", "tokens", "requests"] as const).flatMap((limit) => {
      const data = this.#dataOf(limit);
      return data.max === null || data.used === null ? [] : [{ share: data.used / data.max, data }];
    });
    return found.sort((one, other) => other.share - one.share)[0];
  }

  #dataOf(limit: Data["limit"]): Data {
    const counted = this.#counted?.used ?? NOTHING;
    const { maxUsdNano, maxTokens, maxRequests } = this.#limits;
    switch (limit) {
      case "usd": {
        const max = maxUsdNano === undefined ? null : usdNumber(maxUsdNano);
        return { limit, used: usdNumber(this.#used.nano + counted.nano), max };
      }
      case "tokens":
        return { limit, used: this.#used.tokens + counted.tokens, max: maxTokens ?? null };
      case "requests":
        return { limit, used: this.#used.requests + counted.requests, max: maxRequests ?? null };
      case "usd_per_day":
        return { limit, used: null, max: null };
    }
  }
}

function usedBy({ nano, charged_tokens: tokens, requests, open }: CountedLine): typeof NOTHING {
  return { nano, tokens, requests: requests + open };
}

function parse(text: string): LedgerLine | undefined {
  try {
    return ledgerLine.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // Not JSON: a write was cut short.
  }
}
