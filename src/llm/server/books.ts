/** A session's money: its budget, its ledger and its profile's day, so that they agree. */
import { sentence } from "../../errors.ts";
import type { Asked } from "../budget/asked.ts";
import type { Budget, Grant } from "../budget/budget.ts";
import { type Charge, chargeOf, type Ended } from "../budget/settlement.ts";
import { Refusal } from "../dialects/refusal.ts";
import type { DayEntry, DayLedger } from "../ledger/day-ledger.ts";
import type { RefusedLine } from "../ledger/ledger-line.ts";
import type { Entry, Reserved, SessionLedger, Settled } from "../ledger/session-ledger.ts";
import type { LlmNumbers } from "./access.ts";

export interface BooksOptions {
  readonly budget: Budget;
  readonly ledger: SessionLedger;
  /** Undefined: the profile has no limit for a day. */
  readonly day: { readonly ledger: DayLedger; readonly limitNano: number } | undefined;
}

/** What the ledger is told of a request; the rest comes from the budget. */
export type RequestFacts = Omit<Reserved, "cap_sent" | "reserved_tokens" | "reserved_nano">;

/** What the ledger is told of an end; the rest follows from it. */
export type EndFacts = Pick<Settled, "model_answered" | "duration_ms" | "first_token_ms" | "request_id">;

/** A request that may be sent: it is in every book. */
export interface Booking {
  readonly grant: Grant;
  /** Charges it at once, in memory; the promise is for the disk. Once. */
  settle(ended: Ended, facts: EndFacts): { readonly charge: Charge; readonly written: Promise<void> };
}

interface End {
  readonly ended: Ended;
  readonly end: EndFacts;
  readonly charge: Charge;
}

/** While a request waits for the day's money, other gateways are looked at this often. */
const LOOK_MS = 1_000;
/** Models that are named. */
const MAX_MODELS = 50;

export class Books {
  readonly #options: BooksOptions;
  readonly #writing = new Set<Promise<void>>();
  readonly #models: Set<string>;
  #refused: number;
  #unpriced: number;
  #isExact: boolean;
  #tokens: Pick<LlmNumbers, "input_tokens" | "cached_tokens" | "output_tokens" | "reasoning_tokens">;

  constructor(options: BooksOptions) {
    this.#options = options;
    const { before } = options.ledger;
    this.#models = new Set([...before.models.keys()].slice(0, MAX_MODELS));
    this.#refused = before.refused;
    this.#unpriced = before.unpriced;
    this.#isExact = before.exact;
    this.#tokens = {
      input_tokens: before.input_tokens + before.cache_write_tokens,
      cached_tokens: before.cached_tokens,
      output_tokens: before.output_tokens,
      reasoning_tokens: before.reasoning_tokens,
    };
  }

  get numbers(): LlmNumbers {
    const { spent, reserved, inFlight, leftNano } = this.#options.budget;
    return {
      requests: spent.requests + inFlight,
      refused: this.#refused,
      in_flight: inFlight,
      unpriced: this.#unpriced,
      exact: this.#isExact,
      ...this.#tokens,
      usd_nano: spent.nano,
      reserved_nano: reserved.nano,
      left_nano: leftNano ?? null,
      models: [...this.#models],
    };
  }

  /** Tokens that the session can still take; null without a limit. */
  get leftTokens(): number | null {
    return this.#options.budget.leftTokens ?? null;
  }

  /**
   * Takes what a request may cost, and writes it down: it is on disk when this returns.
   *
   * @param signal a request that nobody waits for any more gives up.
   * @throws Refusal `budget`, `unavailable`; the reason of the signal.
   */
  async take(asked: Asked, facts: RequestFacts, signal: AbortSignal): Promise<Booking> {
    const { budget, ledger } = this.#options;
    const { grant, today } = await this.#grant(asked, signal);
    const amounts = { reserved_tokens: grant.tokens ?? null, reserved_nano: grant.nano ?? null };
    const reserved = { ...facts, cap_sent: grant.cap ?? facts.cap_asked, ...amounts };
    // Both flushes at once: a disk takes hardly longer for two than for one.
    const [line, flushed] = await Promise.allSettled([ledger.reserve(reserved), today?.durable]);
    if (line.status === "rejected" || flushed.status === "rejected") {
      const error: unknown =
        line.status === "rejected" ? line.reason : (flushed as PromiseRejectedResult).reason;
      budget.release(grant);
      if (line.status === "fulfilled") await this.#write(line.value, today, notSent(grant));
      else await this.#giveBack(today);
      throw cannotWrite(error);
    }
    const entry = line.value;
    if (facts.unbounded.length > 0) this.#isExact = false;
    return {
      grant,
      settle: (ended, end) => {
        const charge = chargeOf(grant, ended);
        budget.settle(grant, { nano: charge.nano ?? 0, tokens: charge.tokens });
        const written = this.#write(entry, today, { ended, end, charge });
        this.#writing.add(written);
        void written.finally(() => this.#writing.delete(written));
        return { charge, written };
      },
    };
  }

  refuse(line: Omit<RefusedLine, "kind" | "time">): void {
    this.#refused += 1;
    void this.#options.ledger.refused(line);
  }

  /** Waits for what is being written, and closes the ledgers. */
  async close(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing);
    await this.#options.ledger.close();
    await this.#options.day?.ledger.close();
  }

  async #grant(asked: Asked, signal: AbortSignal): Promise<{ grant: Grant; today: DayEntry | undefined }> {
    const { budget, day } = this.#options;
    if (day === undefined) return { grant: await budget.ask(asked, signal), today: undefined };
    // Others settle, too, and nobody tells.
    const look = (): void =>
      void day.ledger.refresh().then(
        () => budget.wake(),
        () => undefined,
      );
    const looking = setInterval(look, LOOK_MS);
    try {
      for (;;) {
        const grant = await budget.ask(asked, signal);
        try {
          const today = await day.ledger.reserve(grant.nano ?? 0, day.limitNano);
          if (today !== undefined) return { grant, today };
        } catch (error) {
          budget.release(grant);
          throw cannotWrite(error);
        }
        // Somebody was faster: now the budget knows, and decides again.
        budget.release(grant);
      }
    } finally {
      clearInterval(looking);
    }
  }

  async #write(entry: Entry, today: DayEntry | undefined, { ended, end, charge }: End): Promise<void> {
    const { usage } = charge.settlement === "reported" ? ended : { usage: undefined };
    const cached = usage?.cacheRead ?? null;
    const cacheWrite = usage === undefined ? null : usage.cacheWrite5m + usage.cacheWrite1h;
    this.#tokens = {
      input_tokens: this.#tokens.input_tokens + (usage?.input ?? 0) + (cacheWrite ?? 0),
      cached_tokens: this.#tokens.cached_tokens + (cached ?? 0),
      output_tokens: this.#tokens.output_tokens + (usage?.output ?? 0),
      reasoning_tokens: this.#tokens.reasoning_tokens + (usage?.reasoning ?? 0),
    };
    if (charge.nano === null) this.#unpriced += 1;
    if (this.#models.size < MAX_MODELS) this.#models.add(end.model_answered ?? entry.reserved.model);
    const settled: Settled = {
      ...end,
      status: ended.status ?? null,
      input_tokens: usage?.input ?? null,
      cached_tokens: cached,
      cache_write_tokens: cacheWrite,
      output_tokens: usage?.output ?? null,
      reasoning_tokens: usage?.reasoning ?? null,
      nano: charge.nano,
      settlement: charge.settlement,
    };
    // What cannot be written counts as charged in full when it is read again.
    await this.#options.ledger.settle(entry, settled).catch(() => undefined);
    if (today === undefined) return;
    await this.#options.day?.ledger.settle(today, charge.nano ?? today.nano).catch(() => undefined);
  }

  async #giveBack(today: DayEntry | undefined): Promise<void> {
    if (today !== undefined) await this.#options.day?.ledger.settle(today, 0).catch(() => undefined);
  }
}

/** How a request ends that was never sent. */
function notSent(grant: Grant): End {
  const ended: Ended = {
    wasSent: false,
    status: undefined,
    usage: undefined,
    soFar: undefined,
    onlyCounts: false,
    prices: [],
  };
  const end: EndFacts = { model_answered: null, duration_ms: 0, first_token_ms: null, request_id: null };
  return { ended, end, charge: chargeOf(grant, ended) };
}

function cannotWrite(error: unknown): Refusal {
  return new Refusal(
    "unavailable",
    `The request cannot be written down, so it is not sent: ${sentence(error)}.`,
  );
}
