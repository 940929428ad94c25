import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type OperatorPrice, operatorPriceSchema } from "../../../src/llm/prices/operator-price.ts";
import { priceBook } from "../../../src/llm/prices/price-book.ts";
import { PRICE_DATA_VERSION } from "../../../src/llm/prices/price-data.ts";
import {
  type Bound,
  type DialectName,
  type ModelPrice,
  NO_USAGE,
  type Usage,
} from "../../../src/llm/prices/types.ts";
import { matchesGlob } from "../../../src/name-glob.ts";

const NOW = Date.UTC(2026, 10, 28);
const MILLION = 1_000_000;

function priceOf(
  dialect: DialectName,
  model: string,
  operators: readonly OperatorPrice[] = [],
  now = NOW,
): ModelPrice | undefined {
  return priceBook(operators, () => now).priceOf({ name: dialect, dialect }, model);
}

/** In dollars, of a million tokens of one kind. */
function perMillion(price: ModelPrice | undefined, kind: keyof Usage): number {
  return (price?.cost({ ...NO_USAGE, [kind]: MILLION }) ?? Number.NaN) / 1e9;
}

function bound(changes: Partial<Bound>): Bound {
  return { input: 0, output: 0, cacheWrite: "none", hasMedia: false, webSearches: 0, ...changes };
}

describe("the price of a model", () => {
  it("comes from the data of the version that is installed", () => {
    const manifest: unknown = JSON.parse(
      readFileSync("node_modules/@pydantic/genai-prices/package.json", "utf8"),
    );
    expect(manifest).toHaveProperty("version", PRICE_DATA_VERSION);
    expect(priceOf("openai", "gpt-5")?.source).toBe(`genai-prices ${PRICE_DATA_VERSION}`);
  });

  it.each<[DialectName, string, string]>([
    ["openai", "gpt-5", "gpt-5"],
    ["openai", "gpt-5-2025-08-07", "gpt-5"],
    ["openai", "gpt-5.4-2099-01-31", "gpt-5.4"],
    ["openai", "gpt-4o-2024-05-13", "gpt-4o-2024-05-13"],
    ["anthropic", "claude-sonnet-5", "claude-sonnet-5"],
    ["anthropic", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5"],
    ["anthropic", "claude-3-7-sonnet-latest", "claude-3-7-sonnet-latest"],
    ["anthropic", "claude-opus-4-20250514", "claude-opus-4-0"],
    ["gemini", "gemini-2.5-pro", "gemini-2.5-pro"],
  ])("of %s, %s, is that of %s", (dialect, model, entry) => {
    expect(priceOf(dialect, model)?.entry).toBe(entry);
  });

  it.each<[DialectName, string]>([
    ["openai", "gpt-5-fast"],
    ["openai", "gpt-5-audio-preview"],
    ["openai", "gpt-5-ultra"],
    ["openai", "gpt-4o-realtime-preview-super"],
    ["openai", "gpt"],
    ["openai", "GPT-5"],
    ["openai", "ft:gpt-4o:org::id"],
    ["openai", "claude-sonnet-5"],
    ["anthropic", "claude-opus-4-6-fast"],
    ["anthropic", "claude-sonnet-4-5-20259929"],
    ["anthropic", "claude-sonnet-9"],
    ["anthropic", "claude"],
    ["gemini", "gemini-2.5-flash-native-audio-dialog"],
    ["gemini", "gemini-2.5-flash-preview-tts-hd"],
    ["openai", "text-embedding-3-large"],
    ["openai", "whisper-1"],
    ["openai", "omni-moderation-latest"],
    ["gemini", "gemma-3-27b-it"],
  ])("is not guessed from a sibling's: %s, %s", (dialect, model) => {
    expect(priceOf(dialect, model)).toBeUndefined();
  });

  it("has the tiers of large requests, for all of their tokens", () => {
    const price = priceOf("anthropic", "claude-sonnet-4-5");
    const cost = (input: number, cacheRead: number): number | undefined =>
      price?.cost({ ...NO_USAGE, input, cacheRead, output: 1_000 });
    expect(cost(200_000, 0)).toBe(200_000 * 3_000 + 1_000 * 15_000);
    expect(cost(200_001, 0)).toBe(200_001 * 6_000 + 1_000 * 22_500);
    expect(cost(1, 200_000)).toBe(6_000 + 200_000 * 600 + 1_000 * 22_500);
    expect(price?.rates.map(({ above }) => above)).toEqual([0, 200_000]);
    const openai = priceOf("openai", "gpt-5.4");
    expect(openai?.cost({ ...NO_USAGE, input: 272_000 })).toBe(272_000 * 5_000);
    expect(openai?.cost({ ...NO_USAGE, input: 271_999 })).toBe(271_999 * 2_500);
  });

  it("has cache writes of both lengths, reads and reasoning as output", () => {
    const price = priceOf("anthropic", "claude-opus-5");
    expect(
      (["input", "cacheRead", "cacheWrite5m", "cacheWrite1h", "output"] as const).map((kind) =>
        perMillion(price, kind),
      ),
    ).toEqual([5, 0.5, 6.25, 10, 25]);
    expect(price?.cost({ ...NO_USAGE, output: 10, reasoning: 10 })).toBe(10 * 25_000);
  });

  it("has searches, at no less than the provider's dearest", () => {
    expect(priceOf("anthropic", "claude-opus-5")?.cost({ ...NO_USAGE, webSearches: 3 })).toBe(30_000_000);
    expect(priceOf("openai", "gpt-5")?.cost({ ...NO_USAGE, webSearches: 2 })).toBe(50_000_000);
    expect(priceOf("gemini", "gemini-2.5-pro")?.cost({ ...NO_USAGE, webSearches: 1 })).toBe(35_000_000);
  });

  it("has audio and images", () => {
    const flash = priceOf("gemini", "gemini-2.5-flash");
    expect(flash?.cost({ ...NO_USAGE, input: 100, inputAudio: 40 })).toBe(60 * 300 + 40 * 1_000);
    const image = priceOf("gemini", "gemini-2.5-flash-image");
    expect(image?.cost({ ...NO_USAGE, output: 100, outputImage: 90 })).toBe(10 * 2_500 + 90 * 30_000);
  });

  it("is the dearest of both around a change, and then the new one", () => {
    const change = Date.UTC(2027, 0, 1);
    const input = (now: number): number =>
      perMillion(priceOf("gemini", "gemini-3.6-flash", [], now), "input");
    const DAY = 86_400_000;
    expect(input(change - 2 * DAY)).toBe(0.75);
    expect(input(change - DAY / 2)).toBe(1.5);
    expect(input(change + 2 * DAY)).toBe(1.5);
    expect(perMillion(priceOf("openai", "o3", [], Date.UTC(2025, 5, 10, 12)), "input")).toBe(10);
    expect(perMillion(priceOf("openai", "o3", [], Date.UTC(2025, 5, 12)), "input")).toBe(2);
  });

  it("is another provider's where its host is known", () => {
    const book = priceBook([], () => NOW);
    const at = (baseUrl: string | undefined): ModelPrice | undefined =>
      book.priceOf({ name: "x", dialect: "openai", baseUrl }, "deepseek-chat");
    expect(at("https://api.deepseek.com")).toBeDefined();
    expect(at(undefined)).toBeUndefined();
    expect(
      book.priceOf({ name: "x", dialect: "openai", baseUrl: "http://127.0.0.1:1/x" }, "gpt-5")?.entry,
    ).toBe("gpt-5");
  });

  it("says how much the model reads at least, and writes at most", () => {
    const price = priceOf("openai", "gpt-4.1");
    expect(price?.contextWindow).toBeGreaterThanOrEqual(1_047_576);
    expect(price?.maxOutput).toBe(32_768);
    expect(priceOf("anthropic", "claude-sonnet-4-5")?.contextWindow).toBeGreaterThanOrEqual(1_000_000);
    expect(priceOf("openai", "gpt-4o")?.maxOutput).toBe(16_384);
    expect(priceOf("gemini", "gemini-2.5-pro")?.contextWindow).toBeGreaterThanOrEqual(1_048_576);
    expect(priceOf("openai", "gpt-chat-latest")?.contextWindow).toBeUndefined();
  });
});

describe("an operator's price", () => {
  const own: OperatorPrice = operatorPriceSchema.parse({
    provider: "openai",
    model: "gpt-*",
    input: 0.1,
    output: "0.3",
    tiers: [{ above: 1_000, input: 1, output: 2, cached: 0.25 }],
    max_output: 512,
    context: 9_000,
  });

  it("comes first, and for its provider only", () => {
    const price = priceOf("openai", "gpt-5", [own]);
    expect([price?.source, price?.entry, price?.maxOutput, price?.contextWindow]).toEqual([
      "operator",
      "gpt-*",
      512,
      9_000,
    ]);
    expect(priceOf("openai", "o3", [own])?.source).toMatch(/^genai-prices/);
    const others = priceBook([own], () => NOW);
    expect(others.priceOf({ name: "mine", dialect: "openai" }, "gpt-oss-999")).toBeUndefined();
  });

  it("is exact, and has tiers", () => {
    const price = priceOf("openai", "gpt-5", [own]);
    expect(price?.cost({ ...NO_USAGE, input: 1_000, output: 1 })).toBe(1_000 * 100 + 300);
    expect(price?.cost({ ...NO_USAGE, input: 501, cacheRead: 500 })).toBe(501 * 1_000 + 500 * 250);
  });

  it("charges cache writes as Anthropic's multiples, and others as input, where it names none", () => {
    const prices = [{ model: "*", input: 1, output: 5 }];
    const kinds = ["cacheRead", "cacheWrite5m", "cacheWrite1h"] as const;
    expect(kinds.map((kind) => perMillion(priceOf("anthropic", "x", prices), kind))).toEqual([1, 1.25, 2]);
    expect(kinds.map((kind) => perMillion(priceOf("openai", "x", prices), kind))).toEqual([1, 1, 1]);
  });

  it.each([{ input: -1 }, { input: "1e3" }, { input: 0.0000000001 }, { output: "free" }, { extra: 1 }])(
    "is refused with %j",
    (changes) => {
      const given = { model: "x", input: 1, output: 1, ...changes };
      expect(operatorPriceSchema.safeParse(given).success).toBe(false);
    },
  );
});

const count = fc.nat({ max: 3 * MILLION });

describe("a cost", () => {
  it("is rounded up once, and never less than exact arithmetic", () => {
    const rate = fc.nat({ max: 10 ** 9 });
    fc.assert(
      fc.property(rate, rate, count, count, (input, output, inputs, outputs) => {
        const decimal = (nano: number): string => `0.${String(nano).padStart(10, "0").slice(1)}`;
        const [inRate, outRate] = [input % 10 ** 9, output % 10 ** 9];
        const price = priceOf("openai", "m", [
          { model: "m", input: decimal(inRate), output: decimal(outRate) },
        ]);
        const exact = BigInt(inRate) * BigInt(inputs) + BigInt(outRate) * BigInt(outputs);
        const cost = BigInt(price?.cost({ ...NO_USAGE, input: inputs, output: outputs }) ?? -1);
        expect(cost * 1_000_000n >= exact).toBe(true);
        expect((cost - 1n) * 1_000_000n < exact).toBe(true);
      }),
    );
  });

  const MODELS: readonly (readonly [DialectName, string])[] = [
    ["openai", "gpt-5.4"],
    ["openai", "gpt-6-sol"],
    ["openai", "gpt-audio"],
    ["anthropic", "claude-sonnet-4-5"],
    ["anthropic", "claude-opus-5"],
    ["gemini", "gemini-2.5-pro"],
    ["gemini", "gemini-2.5-flash"],
    ["gemini", "gemini-2.5-flash-image"],
    ["gemini", "gemini-3.6-flash"],
  ];

  it.each(MODELS)("of %s, %s, stays within the worst case", (dialect, model) => {
    const price = priceOf(dialect, model)!;
    const share = fc.integer({ min: 0, max: 100 });
    fc.assert(
      fc.property(count, count, fc.tuple(share, share, share, share, share), fc.nat(9), (i, o, s, n) => {
        const [fresh, read, short, audio, out] = s;
        const input = Math.floor((i * fresh) / 100);
        const cacheRead = Math.floor(((i - input) * read) / 100);
        const cacheWrite5m = Math.floor(((i - input - cacheRead) * short) / 100);
        const output = Math.floor((o * out) / 100);
        const usage: Usage = {
          ...NO_USAGE,
          input,
          cacheRead,
          cacheWrite5m,
          cacheWrite1h: i - input - cacheRead - cacheWrite5m,
          output,
          inputAudio: Math.floor((input * audio) / 100),
          outputImage: Math.floor((output * audio) / 100),
          webSearches: n,
        };
        const worst = price.worst({ input: i, output: o, cacheWrite: "1h", hasMedia: true, webSearches: n });
        expect(price.cost(usage)).toBeLessThanOrEqual(worst);
      }),
    );
  });

  it("reserves a cache write only where the request can cause one, and audio only where it has some", () => {
    const opus = priceOf("anthropic", "claude-opus-5");
    const input = 1_000;
    expect(opus?.worst(bound({ input }))).toBe(input * 5_000);
    expect(opus?.worst(bound({ input, cacheWrite: "5m" }))).toBe(input * 6_250);
    expect(opus?.worst(bound({ input, cacheWrite: "1h" }))).toBe(input * 10_000);
    const flash = priceOf("gemini", "gemini-2.5-flash");
    expect(flash?.worst(bound({ input }))).toBe(input * 300);
    expect(flash?.worst(bound({ input, hasMedia: true }))).toBe(input * 1_000);
  });

  it("throws where it is no safe number", () => {
    const price = priceOf("openai", "m", [{ model: "m", input: 9_000_000, output: 1 }]);
    expect(() => price?.cost({ ...NO_USAGE, input: 2_000_000 })).toThrow(RangeError);
    expect(() => price?.cost({ ...NO_USAGE, input: 0.5 })).toThrow(RangeError);
  });
});

describe("a glob for models", () => {
  it.each<[string, string, boolean]>([
    ["*", "openai/gpt-4o:free", true],
    ["claude-*", "claude-opus-5", true],
    ["claude-*", "xclaude-opus-5", false],
    ["gpt-?", "gpt-5", true],
    ["gpt-?", "gpt-5.1", false],
    ["*-mini", "gpt-5-mini", true],
    ["*-mini", "gpt-5-mini-x", false],
    ["gpt-5", "gpt-5", true],
    ["gpt.5", "gpt-5", false],
    ["", "x", false],
    ["a*b*c", "aXbXbc", true],
  ])("%s and %s: %s", (glob, name, matches) => {
    expect(matchesGlob(glob, name)).toBe(matches);
  });

  it("agrees with a regular expression", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
    const name = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
    fc.assert(
      fc.property(text, name, (glob, value) => {
        const pattern = glob.replaceAll("*", ".*").replaceAll("?", ".");
        expect(matchesGlob(glob, value)).toBe(new RegExp(`^${pattern}$`).test(value));
      }),
    );
  });
});
