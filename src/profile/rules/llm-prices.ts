/** Prices of models that the operator states, as `[[llm.prices]]`. */
import * as z from "zod";
import { plainDecimal } from "../../llm/money/nano.ts";
import { operatorPriceSchema } from "../../llm/prices/operator-price.ts";
import { rule } from "./field-rules.ts";
import { providerNameFault } from "./llm-providers.ts";

const { provider, input, output, cached, cache_write_5m, cache_write_1h } = operatorPriceSchema.shape;
const { tiers, max_output, context, web_searches } = operatorPriceSchema.shape;

/** The rule for the name of a model, or for a glob of names. */
const MODEL_RULE = "must be the name of a model, of letters, digits and . _ : / - with * for any characters";

/** The name of a model, with or without stars. */
export function modelGlob() {
  return z.string().regex(/^[\w.:/*-]{1,200}$/, MODEL_RULE);
}

/** An amount of dollars, which may be written as a text to be exact. */
function dollars<Schema extends z.ZodType>(schema: Schema, meaning: string): Schema {
  return schema.meta({ description: meaning, type_in_words: "number" });
}

const rates = {
  input: dollars(input, "Dollars for a million input tokens."),
  output: dollars(output, "Dollars for a million output tokens."),
  cached: dollars(cached, "Dollars for a million input tokens that come from a cache. Default: input."),
  cache_write_5m: dollars(
    cache_write_5m,
    "Dollars for a million input tokens that go into a cache for 5 minutes. Default: 1.25 times input for Anthropic, else input.",
  ),
  cache_write_1h: dollars(
    cache_write_1h,
    "Dollars for a million input tokens that go into a cache for an hour. Default: twice input for Anthropic, else input.",
  ),
};

const writtenTier = z.strictObject({
  above: tiers.unwrap().element.shape.above.describe("Input tokens above which the rates apply."),
  ...rates,
});

/** The written form of one `[[llm.prices]]`. */
export const writtenPrice = z.strictObject({
  provider: provider
    .unwrap()
    .superRefine(rule(providerNameFault))
    .optional()
    .describe("Name of one of [[llm.providers]]. Default: any."),
  model: modelGlob().describe("Model that it is for; * stands for any characters."),
  ...rates,
  tiers: z.array(writtenTier).optional().describe("Other rates for requests with much input."),
  max_output: max_output.describe("Maximum output of the model in tokens."),
  context: context.describe("Maximum input of the model in tokens."),
  web_searches: dollars(web_searches, "Dollars for a thousand web searches."),
});

const keptRates = {
  input: z.string(),
  output: z.string(),
  cached: z.string().optional(),
  cache_write_5m: z.string().optional(),
  cache_write_1h: z.string().optional(),
};

/** A price as agentd keeps it: amounts as texts, which are exact. */
export const keptPrice = z
  .strictObject({
    provider: z.string().optional(),
    model: z.string(),
    ...keptRates,
    tiers: z.array(z.strictObject({ above: z.int(), ...keptRates })).optional(),
    max_output: z.int().optional(),
    context: z.int().optional(),
    web_searches: z.string().optional(),
  })
  .readonly();

export type Price = z.output<typeof keptPrice>;

/** A price from what was written, which has passed the rules. */
export function toPrice(written: z.output<typeof writtenPrice>): Price {
  const { provider, model, tiers, max_output, context, web_searches } = written;
  return withoutUndefined({
    ...{ provider, model, max_output, context },
    ...amounts(written),
    tiers: tiers?.map((tier) => withoutUndefined({ above: tier.above, ...amounts(tier) })),
    web_searches: optionalText(web_searches),
  });
}

type Amount = number | string;

function amounts(written: {
  readonly input: Amount;
  readonly output: Amount;
  readonly cached?: Amount | undefined;
  readonly cache_write_5m?: Amount | undefined;
  readonly cache_write_1h?: Amount | undefined;
}) {
  return {
    input: plainDecimal(written.input),
    output: plainDecimal(written.output),
    cached: optionalText(written.cached),
    cache_write_5m: optionalText(written.cache_write_5m),
    cache_write_1h: optionalText(written.cache_write_1h),
  };
}

function optionalText(amount: Amount | undefined): string | undefined {
  return amount === undefined ? undefined : plainDecimal(amount);
}

/** As JSON has it, which the plan of a session goes through. */
function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;
}
