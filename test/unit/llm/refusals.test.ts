import { describe, expect, it } from "vitest";
import { Refusals } from "../../../src/llm/server/refusals.ts";

const PATIENCE = { refusals: 8, refusedMs: 15_000 };

/** @param answers status and second of each. */
function after(...answers: [number, number][]): Refusals {
  const refusals = new Refusals();
  for (const [status, second] of answers) {
    refusals.answered(status, second * 1_000);
    refusals.told(status, "mock", `HTTP ${status}`);
  }
  return refusals;
}

describe("a provider that refuses the key", () => {
  it("has refused enough after eight in a row", () => {
    const all = Array.from({ length: 8 }, (): [number, number] => [401, 0]);
    expect(after(...all.slice(1)).isEnough(PATIENCE, 0)).toBe(false);
    expect(after(...all).isEnough(PATIENCE, 0)).toBe(true);
  });

  it("has refused enough after three in a row, fifteen seconds after the first", () => {
    const refusals = after([401, 10], [403, 12], [401, 20]);
    expect(refusals.isEnough(PATIENCE, 24_999)).toBe(false);
    expect(refusals.isEnough(PATIENCE, 25_000)).toBe(true);
    expect(after([401, 10], [401, 20]).isEnough(PATIENCE, 1e9)).toBe(false);
  });

  it("begins anew after any other answer", () => {
    const refusals = after([401, 0], [401, 1], [429, 2], [401, 30], [401, 31]);
    expect(refusals.isEnough(PATIENCE, 32_000)).toBe(false);
    expect(after([401, 0], [200, 1]).cause).toBeUndefined();
  });

  it("is named, with its words", () => {
    expect(after([401, 0]).cause).toBe("Provider mock refused the last request: HTTP 401. Check its key.");
    expect(after([401, 0], [403, 0]).cause).toBe(
      "Provider mock refused 2 requests in a row: HTTP 403. Check its key.",
    );
  });
});
