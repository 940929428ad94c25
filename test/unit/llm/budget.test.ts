import { describe, expect, it } from "vitest";
import type { Asked } from "../../../src/llm/budget/asked.ts";
import { Budget } from "../../../src/llm/budget/budget.ts";
import type { Limits } from "../../../src/llm/budget/limits.ts";
import { priceBook } from "../../../src/llm/prices/price-book.ts";

const price = priceBook([{ model: "m", input: 1, output: 10 }], Date.now).priceOf(
  { name: "p", dialect: "openai" },
  "m",
);

function asked(fields: Partial<Asked> = {}): Asked {
  const bound = { input: 100, cacheWrite: "none" as const, hasMedia: false, webSearches: 0 };
  return { onlyCounts: false, bound, choices: 1, askedOutput: 2_000, minOutput: 1_024, price, ...fields };
}

function budgetOf(limits: Partial<Limits>): Budget {
  const none = {
    usdNano: undefined,
    usdPerDayNano: undefined,
    tokens: undefined,
    requests: undefined,
    outputTokens: undefined,
  };
  return new Budget({
    limits: { profile: "writer", parallel: 8, ...none, ...limits },
    before: { nano: 0, tokens: 0, requests: 0 },
    day: () => ({ settled: 0, reserved: 0 }),
  });
}

const signal = new AbortController().signal;

describe("the budget of a session", () => {
  it("serves its line in order, also where a later request would fit", async () => {
    const budget = budgetOf({ tokens: 4_500 });
    const first = await budget.ask(asked(), signal);
    const order: string[] = [];
    const large = budget
      .ask(asked({ askedOutput: 4_000 }), signal)
      .then((grant) => (order.push("large"), grant));
    const small = budget
      .ask(asked({ askedOutput: 10 }), signal)
      .then((grant) => (order.push("small"), grant));
    await Promise.resolve();
    expect(budget.waiting).toBe(2);
    budget.settle(first, { nano: 0, tokens: 5 });
    await large;
    await small;
    expect(order).toEqual(["large", "small"]);
  });

  it("does not shrink an answer because others run: it waits instead", async () => {
    const budget = budgetOf({ tokens: 5_000 });
    const first = await budget.ask(asked({ askedOutput: 3_000 }), signal);
    const second = budget.ask(asked({ askedOutput: 3_000 }), signal);
    await Promise.resolve();
    expect(budget.waiting).toBe(1);
    budget.settle(first, { nano: 0, tokens: 10 });
    expect((await second).cap).toBe(3_000);
  });

  it("caps an answer at what is left once nothing runs, and refuses below what makes sense", async () => {
    const budget = budgetOf({ tokens: 3_100 });
    const grant = await budget.ask(asked({ askedOutput: 9_000 }), signal);
    expect(grant).toMatchObject({ cap: 3_000, tokens: 3_100 });
    budget.settle(grant, { nano: 0, tokens: 2_000 });
    await expect(budget.ask(asked({ askedOutput: 9_000 }), signal)).rejects.toMatchObject({ kind: "budget" });
    // A client that asks for less than the floor gets what it asks for.
    expect((await budget.ask(asked({ askedOutput: 50 }), signal)).cap).toBe(50);
  });

  it("names a cap where nobody does, and none where nothing is limited", async () => {
    const free = { ...asked({ price: undefined }), askedOutput: undefined };
    expect((await budgetOf({ tokens: 1e9 }).ask(free, signal)).cap).toBe(32_000);
    expect(await budgetOf({}).ask(free, signal)).toEqual({
      cap: undefined,
      tokens: undefined,
      nano: undefined,
    });
  });

  it("tells a profile's cap from a spent budget", async () => {
    const budget = budgetOf({ outputTokens: 2_000 });
    const thinking = asked({ askedOutput: 20_000, minOutput: 10_000 });
    await expect(budget.ask(thinking, signal)).rejects.toMatchObject({ kind: "bad_request" });
  });

  it("settles and releases once", async () => {
    const budget = budgetOf({ usdNano: 1e12 });
    const grant = await budget.ask(asked(), signal);
    budget.settle(grant, { nano: 7, tokens: 3 });
    budget.settle(grant, { nano: 7, tokens: 3 });
    budget.release(grant);
    expect(budget.spent).toEqual({ nano: 7, tokens: 3, requests: 1 });
    expect(budget.reserved).toEqual({ nano: 0, tokens: 0 });
  });

  it("refuses at once who has gone already", async () => {
    const budget = budgetOf({});
    await expect(budget.ask(asked(), AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
    expect(budget.inFlight).toBe(0);
  });
});
