/** The prices that an operator sets: `[[llm.prices]]`. */
import * as z from "zod";
import { plainDecimal } from "../money/nano.ts";

/** Dollars per million tokens: digits, and at most nine of them behind the point. */
const DECIMAL = /^\d{1,7}(\.\d{1,9})?$/;

const dollars = z
  .union([z.number(), z.string()])
  .refine((value) => DECIMAL.test(plainDecimal(value)), "must be dollars per million tokens, such as 2.5");

const rates = {
  input: dollars,
  output: dollars,
  cached: dollars.optional(),
  cache_write_5m: dollars.optional(),
  cache_write_1h: dollars.optional(),
};

const tokens = z.int().positive();

/** An entry as it is written. What it leaves out of cache rates is charged as input, or as Anthropic's multiples. */
export const operatorPriceSchema = z.strictObject({
  /** The name of one of `[[llm.providers]]`; undefined for every provider. */
  provider: z.string().min(1).optional(),
  /** A model, or a glob for several. */
  model: z.string().min(1),
  ...rates,
  /** Rates for requests with more input than `above`, caches included. */
  tiers: z.array(z.strictObject({ above: tokens, ...rates })).optional(),
  /** Tokens that the model writes at most. */
  max_output: tokens.optional(),
  /** Tokens that the model reads at most. */
  context: tokens.optional(),
  /** Dollars per thousand web searches. */
  web_searches: dollars.optional(),
});

export type OperatorPrice = z.infer<typeof operatorPriceSchema>;
