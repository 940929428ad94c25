import { describe, expect, it } from "vitest";
import { dollarsText, llmText, tokensText } from "../../../src/cli/words/llm-text.ts";
import {
  dollarsOf,
  type UsageKey,
  type UsageOfSession,
  UsageSums,
} from "../../../src/cli/words/usage-sums.ts";
import type { SessionLlm } from "../../../src/session-document.ts";

const LLM: SessionLlm = {
  requests: 2,
  refused: 1,
  input_tokens: 100,
  cached_tokens: 50,
  output_tokens: 10,
  reasoning_tokens: 5,
  usd: 0.25,
  models: ["a"],
  exact: true,
};

function session(id: string, profile: string, llm: Partial<SessionLlm> = {}): UsageOfSession {
  return {
    document: { session_id: id, profile, queued_timestamp: `2026-01-0${id}T12:00:00.000Z` },
    llm: { ...LLM, ...llm },
    models: undefined,
  };
}

function sumsBy(by: UsageKey, ...sessions: UsageOfSession[]): UsageSums {
  const sums = new UsageSums(by, (timestamp) => timestamp.slice(0, 10));
  for (const each of sessions) sums.add(each);
  return sums;
}

describe("the usage of sessions", () => {
  const three = [session("1", "x"), session("2", "y", { usd: 1, models: ["b"] }), session("3", "x")];

  it("is summed by profile, the dearest first", () => {
    expect(sumsBy("profile", ...three).rows).toMatchObject([
      { key: "y", sessions: 1, micro: 1_000_000 },
      { key: "x", sessions: 2, requests: 4, refused: 2, input_tokens: 200, micro: 500_000 },
    ]);
  });

  it("is summed by day in the order of days, by session and by model", () => {
    const keys = (by: UsageKey) => sumsBy(by, ...three).rows.map(({ key }) => key);
    expect(keys("day")).toEqual(["2026-01-01", "2026-01-02", "2026-01-03"]);
    expect(keys("session")).toEqual(["2", "1", "3"]);
    expect(keys("model")).toEqual(["b", "a"]);
  });

  it("is told apart by model where a session used several, without counting the session twice in the total", () => {
    const { requests, refused, input_tokens, cached_tokens, output_tokens, reasoning_tokens } = LLM;
    const half = { requests, refused, input_tokens, cached_tokens, output_tokens, reasoning_tokens };
    const models = new Map([
      ["a", { ...half, micro: 1, hasUnknown: false }],
      ["b", { ...half, micro: 2, hasUnknown: true }],
    ]);
    const sums = sumsBy("model", { ...session("1", "x", { models: ["a", "b"] }), models });
    expect(sums.rows.map(({ key, micro }) => [key, micro])).toEqual([
      ["b", 2],
      ["a", 1],
    ]);
    expect(sums.total).toMatchObject({ sessions: 1, requests: 2 });
  });

  it("has the known cost of each model in the total while a request of the session has none", () => {
    const { requests, refused, input_tokens, cached_tokens, output_tokens, reasoning_tokens } = LLM;
    const numbers = { requests, refused, input_tokens, cached_tokens, output_tokens, reasoning_tokens };
    const models = new Map([
      ["a", { ...numbers, micro: 70, hasUnknown: false }],
      ["b", { ...numbers, micro: 0, hasUnknown: true }],
    ]);
    const { rows, total } = sumsBy("model", { ...session("1", "x", { usd: null }), models });
    expect(rows.map(({ micro }) => micro)).toEqual([70, 0]);
    expect(total).toMatchObject({ sessions: 1, micro: 70, hasUnknown: true });
  });

  it("keeps an unknown cost apart from none", () => {
    const unknown = sumsBy("profile", session("1", "x", { usd: null }));
    expect(dollarsOf(unknown.total)).toBeNull();
    const some = sumsBy("profile", session("1", "x", { usd: null }), session("2", "x"));
    expect(some.total).toMatchObject({ micro: 250_000, hasUnknown: true });
    expect(dollarsOf(some.total)).toBe(0.25);
    expect(dollarsOf(sumsBy("profile", session("1", "x", { usd: 0 })).total)).toBe(0);
  });
});

describe("what a session used, in words", () => {
  it.each([
    [0, "0"],
    [999, "999"],
    [1_000, "1.0k"],
    [31_499, "31k"],
    [2_100_000, "2.1M"],
    [5_000_000_000, "5.0G"],
  ])("%i tokens are %s", (tokens, text) => {
    expect(tokensText(tokens)).toBe(text);
  });

  it.each([
    [0, "$0.00"],
    [0.00003, "<$0.0001"],
    [0.25, "$0.2500"],
    [12.345, "$12.35"],
    [null, "unknown"],
  ])("%j dollars are %s", (usd, text) => {
    expect(dollarsText(usd)).toBe(text);
  });

  it("has all that counts in a line", () => {
    expect(llmText(LLM)).toBe("2 requests, 1 refused, 150 tokens in (50 cached), 10 out, $0.2500, of a");
    const models = ["a", "b", "c", "d", "e"];
    expect(llmText({ ...LLM, refused: 0, cached_tokens: 0, usd: null, models, exact: false })).toBe(
      "2 requests, 100 tokens in, 10 out, cost unknown, of a, b, c and 2 more, not bounded",
    );
  });
});
