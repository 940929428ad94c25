import type { LlmSettings } from "../../config/config.ts";
import { AgentdError } from "../../errors.ts";
import type { ModelPrice, PricedProvider } from "../../llm/prices/types.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import type { LocalContext } from "../frame/context.ts";
import { type Cell, renderTable } from "../terminal/table.ts";
import { tokensText } from "../words/llm-text.ts";

interface PricesOptions {
  readonly json?: true;
}

interface Found {
  readonly provider: string;
  readonly price: ModelPrice;
}

const COLUMNS = [
  "PROVIDER",
  "ENTRY",
  "INPUT",
  "CACHED",
  "CACHE 5M",
  "CACHE 1H",
  "OUTPUT",
  "ABOVE",
  "MAX OUTPUT",
  "SOURCE",
];

/** `agentd prices`: what a model costs, and who says so. */
export const prices: CommandDefinition<LocalContext> = {
  name: "prices",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("show what a language model costs")
      .description(
        "Shows what agentd charges for a model, for each of the providers that the configuration declares: dollars for a\n" +
          "million tokens, and where the price comes from. Without a configuration, for the three dialects' own providers.\n" +
          "ABOVE is the number of input tokens from which on a line applies.\n\n" +
          "Works without a daemon.",
      )
      .argument("<model>", "the model, as a request names it")
      .option("--json", "print a JSON object")
      .addHelpText("after", example("agentd prices claude-sonnet-4-5", "agentd prices gpt-5-mini --json"))
      .action((model: string, options: PricesOptions) => {
        start((context) => showPrices(model, options, context));
      }),
};

/** Where no provider is declared. */
const DEFAULT_PROVIDERS: readonly PricedProvider[] = [
  { name: "anthropic", dialect: "anthropic" },
  { name: "openai", dialect: "openai" },
  { name: "gemini", dialect: "gemini" },
];

async function showPrices(model: string, options: PricesOptions, context: LocalContext): Promise<number> {
  const { priceBook } = await import("../../llm/prices/price-book.ts");
  const { providers, prices: operators } = await declared(context);
  const book = priceBook(operators, context.now);
  const asked: readonly PricedProvider[] = providers.length > 0 ? providers : DEFAULT_PROVIDERS;
  const found = asked.flatMap((provider): Found[] => {
    const price = book.priceOf(provider, model);
    return price === undefined ? [] : [{ provider: provider.name, price }];
  });
  if (found.length === 0) throw unknownPrice(model, asked);
  if (options.json === true) await context.stdout.json({ model, prices: found.map(asJson) });
  else await context.stdout.line(renderTable(COLUMNS, found.flatMap(rowsOf), context.stdout));
  return 0;
}

async function declared({ loadConfig }: LocalContext): Promise<LlmSettings> {
  try {
    return (await loadConfig(undefined)).llm;
  } catch (error) {
    if (error instanceof AgentdError && error.code === "config_not_found")
      return { providers: [], prices: [] };
    throw error;
  }
}

function rowsOf({ provider, price }: Found): Cell[][] {
  return price.rates.map((rates): Cell[] => [
    provider,
    price.entry,
    ...[rates.input, rates.cached, rates.cacheWrite5m, rates.cacheWrite1h, rates.output].map((rate) =>
      rate === undefined ? "-" : `$${rate}`,
    ),
    rates.above === 0 ? "-" : tokensText(rates.above),
    price.maxOutput === undefined ? "-" : tokensText(price.maxOutput),
    price.source,
  ]);
}

function asJson({ provider, price }: Found): object {
  return {
    provider,
    entry: price.entry,
    source: price.source,
    max_output: price.maxOutput ?? null,
    context: price.contextWindow ?? null,
    rates: price.rates.map((rates) => ({
      above: rates.above,
      input: rates.input,
      output: rates.output,
      cached: rates.cached ?? null,
      cache_write_5m: rates.cacheWrite5m ?? null,
      cache_write_1h: rates.cacheWrite1h ?? null,
    })),
  };
}

function unknownPrice(model: string, asked: readonly PricedProvider[]): AgentdError {
  return new AgentdError("price_unknown", {
    tried: `find what ${JSON.stringify(model)} costs`,
    why: `no price is known for it at ${asked.map(({ name }) => name).join(", ")}`,
    next: "State one in [[llm.prices]]: profiles with a limit in dollars are refused a model without a price.",
  });
}
