import { describe, expect, it } from "vitest";
import { durationMs, MAX_DURATION_MS, spanMs } from "../../../src/profile/rules/durations.ts";

describe("durationMs", () => {
  it.each([
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["6h", 21_600_000],
    ["1d", 86_400_000],
    ["2w", 1_209_600_000],
    ["24d", MAX_DURATION_MS],
    ["576h", MAX_DURATION_MS],
  ])("reads %s", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each([
    "",
    "5",
    "s",
    "0s",
    "-1s",
    "1.5h",
    "5 m",
    "5M",
    "1D",
    "25d",
    "4w",
    "577h",
    "99999999999s",
    "1h30m",
    " 1s",
    "1s\n",
  ])("refuses %j", (text) => {
    expect(durationMs(text)).toBeUndefined();
  });

  it("reads spans of any length, where no timer waits for them", () => {
    expect([spanMs("0s"), spanMs("90d"), spanMs("52w"), spanMs("1y")]).toEqual([
      0,
      90 * 86_400_000,
      364 * 86_400_000,
      undefined,
    ]);
  });

  it("stays within what a timer of Node takes", () => {
    expect(MAX_DURATION_MS).toBeLessThan(2 ** 31);
  });
});
