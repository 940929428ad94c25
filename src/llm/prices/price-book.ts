/** Which price applies to a model: the operator's first, then the price data's. */
import { matchesGlob } from "../../name-glob.ts";
import type { OperatorPrice } from "./operator-price.ts";
import { outputLimit } from "./output-limits.ts";
import { type DataModel, dataModel, PRICE_DATA_VERSION } from "./price-data.ts";
import { type RateTable, tableCost, tableWorst } from "./rate-table.ts";
import type { DialectName, ModelPrice, PriceBook, PricedProvider } from "./types.ts";
import { rateTable, type WrittenRow } from "./written-rates.ts";

/** What a model reads beyond 200,000 tokens, where it has a price for that. */
const LONG_CONTEXT = 1_000_000;

/**
 * The prices of operators, of which the first that matches counts, and of the bundled price data.
 *
 * @param now milliseconds of the clock: around a change of prices, the dearest of both applies.
 */
export function priceBook(operators: readonly OperatorPrice[], now: () => number): PriceBook {
  return {
    priceOf(provider, model) {
      const own = operators.find((price) => appliesTo(price, provider, model));
      if (own !== undefined) return operatorPrice(own, provider.dialect, model);
      const found = dataModel(provider, model, now());
      return found === undefined ? undefined : dataPrice(found, provider.dialect, model);
    },
  };
}

function appliesTo(price: OperatorPrice, provider: PricedProvider, model: string): boolean {
  if (price.provider !== undefined && price.provider !== provider.name) return false;
  return matchesGlob(price.model, model);
}

function operatorPrice(price: OperatorPrice, dialect: DialectName, model: string): ModelPrice {
  const rows = [{ above: 0, ...price }, ...(price.tiers ?? [])].map(writtenRow);
  return {
    source: "operator",
    entry: price.model,
    maxOutput: price.max_output ?? outputLimit(dialect, model),
    contextWindow: price.context,
    ...costs([rateTable(rows, dialect, price.web_searches)]),
  };
}

type OperatorRates = Pick<
  OperatorPrice,
  "input" | "output" | "cached" | "cache_write_5m" | "cache_write_1h"
> & {
  readonly above: number;
};

function writtenRow(rates: OperatorRates): WrittenRow {
  return {
    above: rates.above,
    input: rates.input,
    output: rates.output,
    cached: rates.cached,
    cacheWrite5m: rates.cache_write_5m,
    cacheWrite1h: rates.cache_write_1h,
  };
}

function dataPrice(found: DataModel, dialect: DialectName, model: string): ModelPrice {
  return {
    source: `genai-prices ${PRICE_DATA_VERSION}`,
    entry: found.id,
    maxOutput: outputLimit(dialect, model),
    contextWindow: contextWindow(found, dialect),
    ...costs(found.tables),
  };
}

/** The data's windows are rounded (1,000,000 for 1,047,576), and some leave out what only a beta header opens. */
function contextWindow(
  { id, contextWindow: known, tables }: DataModel,
  dialect: DialectName,
): number | undefined {
  // The data leaves it out for some of Gemini's models.
  const window = known ?? (dialect === "gemini" && /^gemini-[23]/.test(id) ? LONG_CONTEXT : undefined);
  if (window === undefined) return undefined;
  const hasMore = tables.some(({ rows }) => (rows.at(-1)?.above ?? 0) >= window);
  return Math.ceil((hasMore ? Math.max(window, LONG_CONTEXT) : window) * 1.05);
}

function costs(tables: readonly RateTable[]): Pick<ModelPrice, "rates" | "cost" | "worst"> {
  return {
    // Of several lists the dearest counts; the last one is the newest, and shown.
    rates: tables.at(-1)?.display ?? [],
    cost: (usage) => Math.max(...tables.map((table) => tableCost(table, usage))),
    worst: (bound) => Math.max(...tables.map((table) => tableWorst(table, bound))),
  };
}
