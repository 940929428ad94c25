/** Which price applies to a model: the operator's first, then the price data's. */
import type { OperatorPrice } from "./operator-price.ts";
import type { PriceBook } from "./types.ts";

/**
 * The prices of operators, in their order, and of the bundled price data.
 *
 * @param now milliseconds of the clock: around a change of prices, the dearest of both applies.
 */
export function priceBook(operators: readonly OperatorPrice[], now: () => number): PriceBook {
  throw new Error(`not built yet: ${operators.length} ${now()}`);
}
