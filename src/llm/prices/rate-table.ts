/** Rates of a model, and exact arithmetic with them: a cost is rounded up once, at its end. */
import { nanoFromBig, nanoOf } from "../money/nano.ts";
import type { Bound, Rates, Usage } from "./types.ts";

/** A million tokens: what rates are for. */
const PER = 1_000_000n;
/** Searches are priced by the thousand. */
const SEARCHES_PER_MILLION = 1_000n;

/** Rates of one row, in nano-dollars per million tokens. */
export interface RateRow {
  /** For requests with more input than this, caches included. */
  readonly above: number;
  readonly input: bigint;
  readonly output: bigint;
  readonly cacheRead: bigint;
  readonly cacheWrite5m: bigint;
  readonly cacheWrite1h: bigint;
  readonly inputAudio: bigint;
  readonly inputImage: bigint;
  readonly inputVideo: bigint;
  readonly cacheReadAudio: bigint;
  readonly cacheReadImage: bigint;
  readonly outputAudio: bigint;
  readonly outputImage: bigint;
  readonly outputVideo: bigint;
}

/** One price list of a model. */
export interface RateTable {
  /** At least one, rising by `above`; the first has 0. */
  readonly rows: readonly RateRow[];
  /** Nano-dollars per thousand searches. */
  readonly webSearches: bigint;
  readonly display: readonly Rates[];
}

/** Dollars per million tokens, as a decimal, in nano-dollars. @throws RangeError for no decimal */
export function rateOf(dollars: string | number): bigint {
  return BigInt(nanoOf(dollars));
}

/** @throws RangeError where it is not a safe number of nano-dollars, or a count is no whole number. */
export function tableCost(table: RateTable, usage: Usage): number {
  const total = usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h;
  const row = rowFor(table, total);
  const inputMedia = usage.inputAudio + usage.inputImage + usage.inputVideo;
  const readMedia = usage.cacheReadAudio + usage.cacheReadImage;
  const outputMedia = usage.outputAudio + usage.outputImage + usage.outputVideo;
  return rounded([
    [usage.input - inputMedia, row.input],
    [usage.inputAudio, row.inputAudio],
    [usage.inputImage, row.inputImage],
    [usage.inputVideo, row.inputVideo],
    [usage.cacheRead - readMedia, row.cacheRead],
    [usage.cacheReadAudio, row.cacheReadAudio],
    [usage.cacheReadImage, row.cacheReadImage],
    [usage.cacheWrite5m, row.cacheWrite5m],
    [usage.cacheWrite1h, row.cacheWrite1h],
    [usage.output - outputMedia, row.output],
    [usage.outputAudio, row.outputAudio],
    [usage.outputImage, row.outputImage],
    [usage.outputVideo, row.outputVideo],
    [usage.webSearches, table.webSearches * SEARCHES_PER_MILLION],
  ]);
}

function rowFor({ rows }: RateTable, input: number): RateRow {
  const row = rows.findLast(({ above }) => above < input) ?? rows[0];
  if (row === undefined) throw new RangeError("a rate table without rows");
  return row;
}

/** @throws RangeError as `tableCost` does. */
export function tableWorst(table: RateTable, bound: Bound): number {
  // A row further up need not be the dearer one.
  const rows = table.rows.filter(({ above }) => above === 0 || above < bound.input);
  const dearest = (rates: (row: RateRow) => readonly bigint[]): bigint => largest(rows.flatMap(rates));
  return rounded([
    [bound.input, dearest((row) => inputRates(row, bound))],
    [bound.output, dearest((row) => [row.output, row.outputAudio, row.outputImage, row.outputVideo])],
    [bound.webSearches, table.webSearches * SEARCHES_PER_MILLION],
  ]);
}

function inputRates(row: RateRow, { cacheWrite, hasMedia }: Bound): readonly bigint[] {
  return [
    row.input,
    row.cacheRead,
    ...(cacheWrite === "none" ? [] : [row.cacheWrite5m]),
    ...(cacheWrite === "1h" ? [row.cacheWrite1h] : []),
    ...(hasMedia
      ? [row.inputAudio, row.inputImage, row.inputVideo, row.cacheReadAudio, row.cacheReadImage]
      : []),
  ];
}

function largest(rates: readonly bigint[]): bigint {
  return rates.reduce((most, rate) => (rate > most ? rate : most), 0n);
}

function rounded(parts: readonly (readonly [number, bigint])[]): number {
  // A part that is larger than its whole takes nothing away from it.
  const sum = parts.reduce((total, [count, rate]) => total + BigInt(Math.max(count, 0)) * rate, 0n);
  return nanoFromBig((sum + PER - 1n) / PER);
}
