/** The language models that a profile's sessions may use through the gateway, and what they may cost. */
import * as z from "zod";
import { nanoOf } from "../../llm/money/nano.ts";
import { type Context, rule } from "../rules/field-rules.ts";
import { keptPrice, modelGlob, toPrice } from "../rules/llm-prices.ts";
import { keptProvider, providerNameFault, toProvider } from "../rules/llm-providers.ts";
import { key } from "./key.ts";

const DOLLARS_RULE =
  "must be a number of dollars from 0.000000001 to 9007199, with at most nine digits behind the point";
const COUNT_RULE = "must be a whole number, and at least 1";
const PARALLEL_RULE = "must be a whole number from 1 to 256";
const EXHAUSTED = z.enum(["stop", "refuse"]);

/** How long a session with `llm` runs at most that states no timeout: a client whose provider is away may wait for ever. */
export const LLM_TIMEOUT_MS = 24 * 60 * 60 * 1000;

const dollars = () => z.number(DOLLARS_RULE).superRefine(rule(dollarsFault)).optional();

const count = () => z.int(COUNT_RULE).min(1, COUNT_RULE).optional();

const writtenLlm = z.strictObject({
  providers: z
    .array(z.string().superRefine(rule(providerNameFault)))
    .min(1, "must name at least one of [[llm.providers]]")
    .superRefine(namedOnce)
    .describe("Names of [[llm.providers]]; the first of a dialect is the one without its name in the path."),
  models: z
    .array(modelGlob())
    .default([])
    .describe("Models that may be used; * stands for any characters. Default: any."),
  max_usd: dollars().describe("Maximum cost of a session in dollars. Default: no limit."),
  max_tokens: count().describe("Maximum tokens of a session, in and out. Default: no limit."),
  max_requests: count().describe("Maximum requests of a session. Default: no limit."),
  max_output_tokens: count().describe("Maximum output tokens of one request. Default: no limit."),
  max_usd_per_day: dollars().describe(
    "Maximum cost of all of the profile's sessions in one day of the daemon's time zone, in dollars. Default: no limit.",
  ),
  on_exhausted: EXHAUSTED.default("stop").describe(
    "What to do when nothing more fits into a limit: stop the session, or only refuse its requests.",
  ),
  exact: z
    .boolean()
    .default(true)
    .describe(
      "If true, requests whose cost cannot be bounded are refused; if false they pass, and the record says so.",
    ),
  hosted: z
    .array(z.string().regex(/^[\w.-]{1,100}$/, 'must be the name of a tool, such as "web_search"'))
    .default([])
    .describe("Tools that run at the provider and are allowed all the same."),
  max_parallel_requests: z
    .int(PARALLEL_RULE)
    .min(1, PARALLEL_RULE)
    .max(256, PARALLEL_RULE)
    .default(8)
    .describe("Maximum requests of a session at once; more wait."),
});

const keptLlm = z
  .strictObject({
    /** In the order of the profile. */
    providers: z.array(keptProvider).readonly(),
    /** The operator's prices for these providers. */
    prices: z.array(keptPrice).readonly(),
    /** Globs; none: any model. */
    models: z.array(z.string()).readonly(),
    maxUsdNano: z.int().optional(),
    maxTokens: z.int().optional(),
    maxRequests: z.int().optional(),
    maxOutputTokens: z.int().optional(),
    maxUsdPerDayNano: z.int().optional(),
    onExhausted: EXHAUSTED,
    exact: z.boolean(),
    hosted: z.array(z.string()).readonly(),
    maxParallelRequests: z.int(),
  })
  .readonly();

/** What a session may use of language models. */
export type Llm = z.output<typeof keptLlm>;

export const LLM = {
  llm: key(
    "llm",
    writtenLlm
      .optional()
      .describe("Language models that sessions reach through the gateway, without their keys.")
      .meta({ type_in_words: "table" }),
    keptLlm.optional(),
    (written, _fromFile, { providers: declared, prices }): Llm | undefined => {
      if (written === undefined) return undefined;
      const providers = written.providers.flatMap((name) => {
        const found = declared.find((each) => each.name === name);
        return found === undefined ? [] : [toProvider(found)];
      });
      return {
        providers,
        prices: prices
          .filter(({ provider }) => provider === undefined || written.providers.includes(provider))
          .map(toPrice),
        models: written.models,
        maxUsdNano: limitNano(written.max_usd),
        maxTokens: written.max_tokens,
        maxRequests: written.max_requests,
        maxOutputTokens: written.max_output_tokens,
        maxUsdPerDayNano: limitNano(written.max_usd_per_day),
        onExhausted: written.on_exhausted,
        exact: written.exact,
        hosted: written.hosted,
        maxParallelRequests: written.max_parallel_requests,
      };
    },
  ),
};

function limitNano(dollars: number | undefined): number | undefined {
  return dollars === undefined ? undefined : nanoOf(dollars);
}

function dollarsFault(dollars: number): string | undefined {
  try {
    return nanoOf(dollars) > 0 ? undefined : DOLLARS_RULE;
  } catch {
    return DOLLARS_RULE;
  }
}

function namedOnce(names: readonly string[], context: Context): void {
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) === index) continue;
    context.addIssue({ code: "custom", path: [index], message: "is named twice" });
  }
}
