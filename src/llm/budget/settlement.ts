/** What a request that has ended is charged. */
import type { ModelPrice, Usage } from "../prices/types.ts";
import type { Grant } from "./budget.ts";

export interface Ended {
  /** Whether anything of the request may have reached the provider. */
  readonly wasSent: boolean;
  /** Undefined: no answer came. */
  readonly status: number | undefined;
  /** As reported for the whole answer; undefined: nothing, or not for all of it. */
  readonly usage: Usage | undefined;
  /** What a cut answer had reported: it may have used more. */
  readonly soFar: Usage | undefined;
  /** Whether it only counted. */
  readonly onlyCounts: boolean;
  /** Of the model asked for and the model that answered; those that are known. */
  readonly prices: readonly ModelPrice[];
}

export interface Charge {
  readonly settlement: "reported" | "reserved" | "none";
  /** Nano-dollars; null where no price is known. */
  readonly nano: number | null;
  readonly tokens: number;
  /** Whether it has used more than was taken for it. */
  readonly isOverrun: boolean;
}

const FIRST_SERVER_ERROR = 500;
const FIRST_REFUSAL = 300;
/** Answers of a provider that has not begun to work. */
const OVERLOADED: readonly unknown[] = [503, 529];

const NOTHING: Charge = { settlement: "none", nano: 0, tokens: 0, isOverrun: false };

export function chargeOf(grant: Grant, ended: Ended): Charge {
  const { wasSent, status, usage, onlyCounts, prices } = ended;
  if (onlyCounts || !wasSent) return NOTHING;
  if (usage !== undefined) return reported(grant, usage, prices);
  if (status !== undefined && billsNothing(status)) return NOTHING;
  const least = ended.soFar === undefined ? undefined : reported(grant, ended.soFar, prices);
  return {
    settlement: "reserved",
    nano: grant.nano === undefined ? (least?.nano ?? null) : Math.max(grant.nano, least?.nano ?? 0),
    tokens: Math.max(grant.tokens ?? 0, least?.tokens ?? 0),
    isOverrun: least?.isOverrun ?? false,
  };
}

/** Tokens of all kinds. */
export function tokensOf({ input, cacheRead, cacheWrite5m, cacheWrite1h, output }: Usage): number {
  return input + cacheRead + cacheWrite5m + cacheWrite1h + output;
}

/** Whether an answer that is not finished has used more than was taken for it. */
export function isBeyond(grant: Grant, soFar: Usage, prices: readonly ModelPrice[]): boolean {
  return reported(grant, soFar, prices).isOverrun;
}

function reported(grant: Grant, usage: Usage, prices: readonly ModelPrice[]): Charge {
  const nano = prices.length === 0 ? null : Math.max(...prices.map((price) => costOf(price, usage)));
  const tokens = tokensOf(usage);
  const isOverrun = (nano ?? 0) > (grant.nano ?? Infinity) || tokens > (grant.tokens ?? Infinity);
  return { settlement: "reported", nano, tokens, isOverrun };
}

/** The most that is safe where a provider reports what cannot be. */
function costOf(price: ModelPrice, usage: Usage): number {
  try {
    return price.cost(usage);
  } catch (error) {
    if (error instanceof RangeError) return Number.MAX_SAFE_INTEGER;
    throw error;
  }
}

/** A redirect, a refused request, or an overloaded provider. Any other failure may have worked before it failed. */
function billsNothing(status: number): boolean {
  return (status >= FIRST_REFUSAL && status < FIRST_SERVER_ERROR) || OVERLOADED.includes(status);
}
