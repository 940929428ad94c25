/** Makes a rate table of the rates that somebody wrote down, and says what applies where one is missing. */
import { plainDecimal } from "../money/nano.ts";
import { rateOf, type RateRow, type RateTable } from "./rate-table.ts";
import type { DialectName, Rates } from "./types.ts";

type Dollars = string | number;

/** Dollars per million tokens; undefined where nothing is known. */
export interface WrittenRow {
  readonly above: number;
  readonly input: Dollars;
  readonly output: Dollars;
  readonly cached?: Dollars | undefined;
  readonly cacheWrite5m?: Dollars | undefined;
  readonly cacheWrite1h?: Dollars | undefined;
  readonly inputAudio?: Dollars | undefined;
  readonly inputImage?: Dollars | undefined;
  readonly inputVideo?: Dollars | undefined;
  readonly cacheReadAudio?: Dollars | undefined;
  readonly cacheReadImage?: Dollars | undefined;
  readonly outputAudio?: Dollars | undefined;
  readonly outputImage?: Dollars | undefined;
  readonly outputVideo?: Dollars | undefined;
}

/**
 * The least that a thousand searches are charged with. Answers do not say which of a provider's search tools they used,
 * and these are the dearest ones.
 */
const SEARCHES_AT_LEAST: Readonly<Record<DialectName, Dollars>> = { openai: 25, anthropic: 10, gemini: 35 };

/**
 * @param searches dollars per thousand; undefined where nothing is known.
 * @throws RangeError for a rate that is no decimal, or where there is no row.
 */
export function rateTable(
  rows: readonly WrittenRow[],
  dialect: DialectName,
  searches: Dollars | undefined,
): RateTable {
  const rising = rows.toSorted((one, other) => one.above - other.above);
  if (rising[0]?.above !== 0) throw new RangeError("no rates for small requests");
  const atLeast = rateOf(SEARCHES_AT_LEAST[dialect]);
  const known = searches === undefined ? 0n : rateOf(searches);
  return {
    rows: rising.map((row) => rateRow(row, dialect)),
    webSearches: known > atLeast ? known : atLeast,
    display: rising.map(displayRow),
  };
}

function rateRow(row: WrittenRow, dialect: DialectName): RateRow {
  const or = (dollars: Dollars | undefined, other: bigint): bigint =>
    dollars === undefined ? other : rateOf(dollars);
  const input = rateOf(row.input);
  const output = rateOf(row.output);
  const cacheRead = or(row.cached, input);
  const isAnthropic = dialect === "anthropic";
  // Anthropic's multiples of the input are the same for every model.
  const cacheWrite5m = or(row.cacheWrite5m, isAnthropic ? upwards(input * 5n, 4n) : input);
  const inputAudio = or(row.inputAudio, input);
  const inputImage = or(row.inputImage, input);
  return {
    above: row.above,
    input,
    output,
    cacheRead,
    cacheWrite5m,
    cacheWrite1h: or(row.cacheWrite1h, isAnthropic ? input * 2n : cacheWrite5m),
    inputAudio,
    inputImage,
    inputVideo: or(row.inputVideo, input),
    cacheReadAudio: or(row.cacheReadAudio, row.inputAudio === undefined ? cacheRead : inputAudio),
    cacheReadImage: or(row.cacheReadImage, row.inputImage === undefined ? cacheRead : inputImage),
    outputAudio: or(row.outputAudio, output),
    outputImage: or(row.outputImage, output),
    outputVideo: or(row.outputVideo, output),
  };
}

function upwards(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

function displayRow(row: WrittenRow): Rates {
  const text = (dollars: Dollars | undefined): string | undefined =>
    dollars === undefined ? undefined : plainDecimal(dollars);
  return {
    above: row.above,
    input: plainDecimal(row.input),
    output: plainDecimal(row.output),
    cached: text(row.cached),
    cacheWrite5m: text(row.cacheWrite5m),
    cacheWrite1h: text(row.cacheWrite1h),
  };
}
