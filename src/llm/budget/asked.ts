/** What a request asks of a budget, and the most that it can use with a cap. */
import type { Bound, ModelPrice } from "../prices/types.ts";

export interface Asked {
  /** Whether it only counts: it costs a request and nothing else. */
  readonly onlyCounts: boolean;
  /** Everything but the output, which the budget decides. */
  readonly bound: Omit<Bound, "output">;
  /** Answers at once; each may be as long as the cap. */
  readonly choices: number;
  /** The client's cap for each; undefined: none. */
  readonly askedOutput: number | undefined;
  /** A cap below this would only truncate. */
  readonly minOutput: number;
  /** Undefined: none is known, which only a session without a limit in dollars may have. */
  readonly price: ModelPrice | undefined;
}

/** The most that a request can use. */
export interface Most {
  readonly tokens: number;
  /** Undefined where no price is known. */
  readonly nano: number | undefined;
}

/** What there is room for. Infinity where nothing limits it. */
export interface Room {
  readonly tokens: number;
  readonly nano: number;
}

/** The most that a request can use. @param cap output tokens of each answer. */
export function mostOf({ bound, choices, price }: Asked, cap: number): Most {
  const output = cap * choices;
  return {
    tokens: bound.input + output,
    nano: price === undefined ? undefined : worst(price, { ...bound, output }),
  };
}

/** The largest cap between two that fits; undefined where not even the smallest does. */
export function largestCap(asked: Asked, from: number, to: number, room: Room): number | undefined {
  const fits = (cap: number): boolean => fitsIn(mostOf(asked, cap), room);
  if (fits(to)) return to;
  if (!fits(from)) return undefined;
  let [good, bad] = [from, to];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (fits(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

export function fitsIn({ tokens, nano }: Most, room: Room): boolean {
  return tokens <= room.tokens && (nano ?? 0) <= room.nano;
}

function worst(price: ModelPrice, bound: Bound): number {
  try {
    return price.worst(bound);
  } catch (error) {
    // More than a safe number of nano-dollars is more than any budget.
    if (error instanceof RangeError) return Infinity;
    throw error;
  }
}
