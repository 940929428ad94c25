/**
 * One session's budget. What a request may use at most is taken before it is sent, and what it did not use comes back.
 * Comparing and taking happen without a pause between, so that requests at once cannot share the same money.
 */
import { Refusal } from "../dialects/refusal.ts";
import { type Asked, fitsIn, largestCap, type Most, mostOf, type Room } from "./asked.ts";
import { exhausted } from "./exhausted.ts";
import { FALLBACK_OUTPUT, type Limits } from "./limits.ts";

/** What was spent before. */
export interface Spent {
  readonly nano: number;
  readonly tokens: number;
  readonly requests: number;
}

export interface BudgetOptions {
  readonly limits: Limits;
  readonly before: Spent;
  /** What all sessions of the profile have spent today; asked only where a limit is set. */
  readonly day: () => { readonly settled: number; readonly reserved: number };
}

/** Permission to send one request. Whoever has it settles or releases it, once. */
export interface Grant {
  /** The output cap to send, per answer; undefined: the client's stays as it is. */
  readonly cap: number | undefined;
  /** What was taken; undefined where nothing bounds it. */
  readonly tokens: number | undefined;
  readonly nano: number | undefined;
}

interface Waiting {
  readonly asked: Asked;
  readonly done: (grant: Grant) => void;
  readonly failed: (error: Error) => void;
}

type Decision = { readonly grant: Grant } | { readonly refusal: Refusal } | "wait";

export class Budget {
  readonly #limits: Limits;
  readonly #day: BudgetOptions["day"];
  readonly #open = new Set<Grant>();
  readonly #line: Waiting[] = [];
  #spent: Spent;

  constructor({ limits, before, day }: BudgetOptions) {
    this.#limits = limits;
    this.#spent = before;
    this.#day = day;
  }

  /** Requests that are being sent or answered. */
  get inFlight(): number {
    return this.#open.size;
  }

  /** Requests in the line. */
  get waiting(): number {
    return this.#line.length;
  }

  /** What was settled. */
  get spent(): Spent {
    return this.#spent;
  }

  /** What is taken for requests that have not ended. */
  get reserved(): { readonly nano: number; readonly tokens: number } {
    let [nano, tokens] = [0, 0];
    for (const grant of this.#open) {
      nano += grant.nano ?? 0;
      tokens += grant.tokens ?? 0;
    }
    return { nano, tokens };
  }

  /** Nano-dollars that the session can still take; undefined without a limit. */
  get leftNano(): number | undefined {
    const { usdNano } = this.#limits;
    return usdNano === undefined ? undefined : Math.max(usdNano - this.#spent.nano - this.reserved.nano, 0);
  }

  /** Tokens that the session can still take; undefined without a limit. */
  get leftTokens(): number | undefined {
    const { tokens } = this.#limits;
    return tokens === undefined ? undefined : Math.max(tokens - this.#spent.tokens - this.reserved.tokens, 0);
  }

  /**
   * Takes what a request may use at most. Where it would fit once running requests have ended, it waits its turn.
   *
   * @param signal a request that nobody waits for any more leaves the line.
   * @throws Refusal where it would not fit with nothing in flight; the reason of the signal.
   */
  async ask(asked: Asked, signal: AbortSignal): Promise<Grant> {
    signal.throwIfAborted();
    let leave: () => void = () => undefined;
    try {
      return await new Promise<Grant>((done, failed) => {
        const waiting = { asked, done, failed };
        leave = () => {
          const at = this.#line.indexOf(waiting);
          if (at === -1) return;
          this.#line.splice(at, 1);
          failed(signal.reason as Error);
          // Those behind may fit where this one did not.
          this.wake();
        };
        signal.addEventListener("abort", leave, { once: true });
        this.#line.push(waiting);
        this.wake();
      });
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  /** Charges what a request has used, instead of what was taken for it. */
  settle(grant: Grant, used: { readonly nano: number; readonly tokens: number }): void {
    if (!this.#open.delete(grant)) return;
    const { nano, tokens, requests } = this.#spent;
    this.#spent = { nano: nano + used.nano, tokens: tokens + used.tokens, requests: requests + 1 };
    this.wake();
  }

  /** Gives everything back, for a request that was not sent. */
  release(grant: Grant): void {
    if (this.#open.delete(grant)) this.wake();
  }

  /** Looks whether those in the line fit by now, from the front. */
  wake(): void {
    for (let first = this.#line[0]; first !== undefined; first = this.#line[0]) {
      const decision = this.#decide(first.asked);
      if (decision === "wait") return;
      this.#line.shift();
      if ("refusal" in decision) {
        first.failed(decision.refusal);
      } else {
        this.#open.add(decision.grant);
        first.done(decision.grant);
      }
    }
  }

  #decide(asked: Asked): Decision {
    const { requests, parallel } = this.#limits;
    const sent = this.#spent.requests + this.#open.size;
    if (requests !== undefined && sent >= requests)
      return { refusal: exhausted.requests(this.#limits, sent) };
    if (this.#open.size >= parallel) return "wait";
    if (asked.onlyCounts) return { grant: { cap: undefined, tokens: 0, nano: 0 } };
    const most = this.#highestCap(asked);
    if (most === undefined) {
      // Without a cap and without a limit: what it may use is known by nobody.
      return { grant: { cap: undefined, tokens: undefined, nano: undefined } };
    }
    const least = Math.min(asked.minOutput, asked.askedOutput ?? Infinity);
    if (most < least) return { refusal: capTooSmall(this.#limits, most, least) };
    // Not the most that fits now: a little less budget in use by others must not truncate this answer.
    const cap = largestCap(asked, least, most, this.#roomAlone());
    if (cap === undefined) return { refusal: this.#exhausted(mostOf(asked, least)) };
    const taken = mostOf(asked, cap);
    return fitsIn(taken, this.#roomNow()) ? { grant: { cap, ...taken } } : "wait";
  }

  /** The highest cap that the request may have; undefined where neither anybody names one nor anything limits it. */
  #highestCap({ askedOutput, price }: Asked): number | undefined {
    const { outputTokens, usdNano, usdPerDayNano, tokens } = this.#limits;
    const named = Math.min(askedOutput ?? Infinity, outputTokens ?? Infinity, price?.maxOutput ?? Infinity);
    if (named !== Infinity) return named;
    const isLimited = [usdNano, usdPerDayNano, tokens].some((each) => each !== undefined);
    return isLimited ? FALLBACK_OUTPUT : undefined;
  }

  /** What there is room for with nothing in flight. */
  #roomAlone(): Room {
    const { usdNano = Infinity, usdPerDayNano, tokens = Infinity } = this.#limits;
    const today = usdPerDayNano === undefined ? Infinity : usdPerDayNano - this.#day().settled;
    return {
      nano: Math.min(usdNano - this.#spent.nano, today),
      tokens: tokens - this.#spent.tokens,
    };
  }

  #roomNow(): Room {
    const { usdNano = Infinity, usdPerDayNano, tokens = Infinity } = this.#limits;
    const reserved = this.reserved;
    const day = usdPerDayNano === undefined ? undefined : this.#day();
    const today =
      usdPerDayNano === undefined || day === undefined
        ? Infinity
        : usdPerDayNano - day.settled - day.reserved;
    return {
      nano: Math.min(usdNano - this.#spent.nano - reserved.nano, today),
      tokens: tokens - this.#spent.tokens - reserved.tokens,
    };
  }

  #exhausted(most: Most): Refusal {
    const { usdNano = Infinity, tokens = Infinity } = this.#limits;
    const nano = most.nano ?? 0;
    if (nano > usdNano - this.#spent.nano) return exhausted.usd(this.#limits, this.#spent.nano, nano);
    if (most.tokens > tokens - this.#spent.tokens) {
      return exhausted.tokens(this.#limits, this.#spent.tokens, most.tokens);
    }
    return exhausted.day(this.#limits, this.#day().settled, nano);
  }
}

function capTooSmall({ profile }: Limits, most: number, least: number): Refusal {
  return new Refusal(
    "bad_request",
    `This request needs room for ${least} output tokens, and may have ${most}. Ask for less thinking, or raise ` +
      `"max_output_tokens" of profile ${profile}.`,
  );
}
