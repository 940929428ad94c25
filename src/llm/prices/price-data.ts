/** The bundled price data of @pydantic/genai-prices: which of its models is meant, and its price lists. */
import {
  type ConditionalPrice,
  findProvider,
  type ModelInfo,
  type ModelPrice as DataPrice,
  type Provider,
} from "@pydantic/genai-prices";
import { accepts, undated, writtenNames } from "./model-name.ts";
import type { RateTable } from "./rate-table.ts";
import type { DialectName, PricedProvider } from "./types.ts";
import { rateTable, type WrittenRow } from "./written-rates.ts";

/** The version that is bundled. A test compares it with the package. */
export const PRICE_DATA_VERSION = "0.1.8";

const DAY_MS = 86_400_000;

const PROVIDER_IDS: Readonly<Record<DialectName, string>> = {
  openai: "openai",
  anthropic: "anthropic",
  gemini: "google",
};

/** What the data calls the rates. A model with any other rate has no price here. */
const ROW_KEYS = {
  input_mtok: "input",
  output_mtok: "output",
  cache_read_mtok: "cached",
  cache_write_mtok: "cacheWrite5m",
  cache_write_1h_mtok: "cacheWrite1h",
  input_audio_mtok: "inputAudio",
  input_image_mtok: "inputImage",
  input_video_mtok: "inputVideo",
  cache_audio_read_mtok: "cacheReadAudio",
  cache_image_read_mtok: "cacheReadImage",
  output_audio_mtok: "outputAudio",
  output_image_mtok: "outputImage",
  output_video_mtok: "outputVideo",
} as const satisfies Readonly<Record<string, keyof WrittenRow>>;

const SEARCHES = "web_searches_kcount";
/** Searches of the provider's file stores: a tool that no budget bounds. */
const IGNORED = "storage_searches_kcount";

export interface DataModel {
  readonly id: string;
  /** As the data has it: rounded, and at times too small. */
  readonly contextWindow: number | undefined;
  /** The lists that may apply now; at least one. */
  readonly tables: readonly RateTable[];
}

/** @param now milliseconds of the clock. @returns undefined where the data has no price for exactly this model. */
export function dataModel(provider: PricedProvider, model: string, now: number): DataModel | undefined {
  const found = meantModel(providerOf(provider), model);
  if (found === undefined) return undefined;
  const tables = pricesAt(found, now).map((prices) => tableOf(prices, provider.dialect));
  if (tables.length === 0 || !tables.every((table) => table !== undefined)) return undefined;
  return { id: found.id, contextWindow: found.context_window, tables };
}

function providerOf({ baseUrl, dialect }: PricedProvider): Provider | undefined {
  const byHost = baseUrl === undefined ? undefined : findProvider({ providerApiUrl: baseUrl });
  return byHost ?? findProvider({ providerId: PROVIDER_IDS[dialect] });
}

function meantModel(provider: Provider | undefined, name: string): ModelInfo | undefined {
  const models = provider?.models ?? [];
  const exact = models.find((model) => namesOf(model).includes(name));
  if (exact !== undefined) return exact;
  const base = undated(name);
  const family = models.find((model) => base !== undefined && namesOf(model).includes(base));
  // Where the data means another model by the dated name, nobody knows which of the two is right.
  const other = models.find((model) => accepts(model.match, name));
  return other === undefined || other === family ? family : undefined;
}

function namesOf({ id, match }: ModelInfo): string[] {
  return [id, ...writtenNames(match)].filter((name) => accepts(match, name));
}

/** Around a change of prices nobody can say which applies, so both do; as do all prices by the time of day. */
function pricesAt(model: ModelInfo, now: number): DataPrice[] {
  if (!Array.isArray(model.prices)) return [model.prices];
  const lists = model.prices;
  const byTime = lists.filter(({ constraint }) => constraint?.type === "time_of_date");
  const byDate = [now - DAY_MS, now, now + DAY_MS].flatMap((at) => {
    const found = lists.findLast((list) => hasBegun(list, at)) ?? lists[0];
    return found === undefined ? [] : [found];
  });
  return [...new Set([...byTime, ...byDate])].map(({ prices }) => prices);
}

function hasBegun({ constraint }: ConditionalPrice, at: number): boolean {
  if (constraint === undefined) return true;
  return constraint.type === "start_date" && at >= Date.parse(constraint.start_date);
}

/** Undefined for a list without both rates for text, or with a rate that is not known here. */
function tableOf(prices: DataPrice, dialect: DialectName): RateTable | undefined {
  const isKnown = (key: string): boolean => key in ROW_KEYS || key === SEARCHES || key === IGNORED;
  if (!Object.keys(prices).every(isKnown)) return undefined;
  const starts = Object.values(prices).flatMap((price) =>
    typeof price === "object" ? price.tiers.map(({ start }) => start) : [],
  );
  const rows = [0, ...new Set(starts)].map((above) => rowOf(prices, above));
  if (!rows.every((row) => row !== undefined)) return undefined;
  const searches = prices[SEARCHES];
  return rateTable(rows, dialect, typeof searches === "number" ? searches : undefined);
}

function rowOf(prices: DataPrice, above: number): WrittenRow | undefined {
  const row: { above: number } & { -readonly [K in keyof WrittenRow]?: number } = { above };
  for (const [dataKey, key] of Object.entries(ROW_KEYS)) {
    const price = prices[dataKey];
    if (price === undefined) continue;
    row[key] =
      typeof price === "number"
        ? price
        : (price.tiers.findLast(({ start }) => start <= above)?.price ?? price.base);
  }
  const { input, output } = row;
  return input === undefined || output === undefined ? undefined : { ...row, input, output };
}
