/** What a request can use and what that costs. */

/** The wire formats that agentd speaks. `openai`: Responses and Chat Completions. */
export type DialectName = "openai" | "anthropic" | "gemini";

/**
 * What a request used. Each token is counted once: `input` leaves out what was read from or written to a cache.
 * The counts of a modality, and `reasoning`, say how much of `input`, `cacheRead` or `output` was of that kind.
 */
export interface Usage {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  /** With reasoning, and of all choices. */
  readonly output: number;
  /** Of `output`. */
  readonly reasoning: number;
  /** Of `input`. */
  readonly inputAudio: number;
  readonly inputImage: number;
  readonly inputVideo: number;
  /** Of `cacheRead`. */
  readonly cacheReadAudio: number;
  readonly cacheReadImage: number;
  /** Of `output`. */
  readonly outputAudio: number;
  readonly outputImage: number;
  readonly outputVideo: number;
  readonly webSearches: number;
}

export const NO_USAGE: Usage = {
  input: 0,
  cacheRead: 0,
  cacheWrite5m: 0,
  cacheWrite1h: 0,
  output: 0,
  reasoning: 0,
  inputAudio: 0,
  inputImage: 0,
  inputVideo: 0,
  cacheReadAudio: 0,
  cacheReadImage: 0,
  outputAudio: 0,
  outputImage: 0,
  outputVideo: 0,
  webSearches: 0,
};

/** The longest-lived cache that a request may write. */
export type CacheWrite = "none" | "5m" | "1h";

/** The most that a request can use. */
export interface Bound {
  /** Tokens, however they are counted: fresh, from a cache or into one. */
  readonly input: number;
  /** Tokens of all choices together. */
  readonly output: number;
  readonly cacheWrite: CacheWrite;
  /** Whether the input can be anything but text. */
  readonly hasMedia: boolean;
  readonly webSearches: number;
}

/** One row of a price: dollars per million tokens, as decimals. */
export interface Rates {
  /** For requests with more input than this, caches included; 0 for the first row. */
  readonly above: number;
  readonly input: string;
  readonly output: string;
  readonly cached: string | undefined;
  readonly cacheWrite5m: string | undefined;
  readonly cacheWrite1h: string | undefined;
}

export interface ModelPrice {
  /** `operator`, or `genai-prices` with its version. */
  readonly source: string;
  /** The entry that was found: an operator's glob, or the model's id in the price data. */
  readonly entry: string;
  /** Tokens that the model writes at most; undefined when unknown. */
  readonly maxOutput: number | undefined;
  /** Tokens that the model reads at most, never too few; undefined when unknown. */
  readonly contextWindow: number | undefined;
  /** For display, rising by `above`. */
  readonly rates: readonly Rates[];
  /**
   * Nano-dollars, rounded up.
   *
   * @throws RangeError where they are not a safe number.
   */
  cost(usage: Usage): number;
  /**
   * The most that a request within the bound can cost, at the dearest rate of each kind: in nano-dollars, rounded up.
   *
   * @throws RangeError where they are not a safe number.
   */
  worst(bound: Bound): number;
}

/** Whom a price is asked of. */
export interface PricedProvider {
  /** As the configuration names it. */
  readonly name: string;
  readonly dialect: DialectName;
  /** Names another provider of the price data where its host is known there; undefined: the dialect's own. */
  readonly baseUrl?: string | undefined;
}

export interface PriceBook {
  /** What applies to a model; undefined when no price is known, so that none is invented. */
  priceOf(provider: PricedProvider, model: string): ModelPrice | undefined;
}
