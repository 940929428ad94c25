import { expect, it } from "vitest";
import { Backoff } from "../../src/backoff.ts";

it("doubles its pauses up to the longest, and starts again after a success", () => {
  const backoff = new Backoff({ firstMs: 20, longestMs: 100 });
  expect([backoff.next(), backoff.next(), backoff.next(), backoff.next()]).toEqual([20, 40, 80, 100]);
  backoff.reset();
  expect(backoff.next()).toBe(20);
});

it("grows as it is told", () => {
  const backoff = new Backoff({ firstMs: 40, longestMs: 1_000, growth: 1.5 });
  expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([40, 60, 90]);
});
