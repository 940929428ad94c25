import { describe, expect, it } from "vitest";
import { durationMs, MAX_DURATION_MS } from "../../../src/profile/durations.ts";

describe("durationMs", () => {
  it.each([
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["6h", 21_600_000],
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
    "1d",
    "577h",
    "99999999999s",
    "1h30m",
    " 1s",
    "1s\n",
  ])("refuses %j", (text) => {
    expect(durationMs(text)).toBeUndefined();
  });

  it("stays within what a timer of Node takes", () => {
    expect(MAX_DURATION_MS).toBeLessThan(2 ** 31);
  });
});
