import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addNano,
  nanoOf,
  plainDecimal,
  subtractNano,
  timesNano,
  usdNumber,
  usdText,
} from "../../../src/llm/money/nano.ts";

describe("money", () => {
  it.each<[string | number, number]>([
    ["5.00", 5_000_000_000],
    [5, 5_000_000_000],
    [0.1, 100_000_000],
    ["0.000000001", 1],
    [1e-9, 1],
    [0.0375, 37_500_000],
    ["9007199.254740991", Number.MAX_SAFE_INTEGER],
  ])("%s dollars are %i nano-dollars", (usd, nano) => {
    expect(nanoOf(usd)).toBe(nano);
  });

  it.each([
    "",
    "-1",
    "1.",
    ".5",
    "1e3",
    "1,5",
    "0.0000000001",
    "9007200",
    "NaN",
    Number.NaN,
    -1,
    1e300,
    " 1",
  ])("has no amount for %s", (usd) => {
    expect(() => nanoOf(usd)).toThrow(RangeError);
  });

  it("is written with six digits, rounded up", () => {
    expect([0, 1, 1_000, 12_345_678, 5_000_000_000, -1_500].map(usdText)).toEqual([
      "0.000000",
      "0.000001",
      "0.000001",
      "0.012346",
      "5.000000",
      "-0.000001",
    ]);
    expect(usdNumber(12_345_001)).toBe(0.012346);
  });

  it("throws instead of losing digits", () => {
    expect(() => addNano(Number.MAX_SAFE_INTEGER, 1)).toThrow(RangeError);
    expect(() => timesNano(Number.MAX_SAFE_INTEGER, 2)).toThrow(RangeError);
    expect(() => addNano(0.5)).toThrow(RangeError);
    expect(() => addNano(-1)).toThrow(RangeError);
    expect(subtractNano(1, 3)).toBe(-2);
  });

  it("reads back every amount that it writes, digit by digit", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (nano) => {
        const digits = String(nano).padStart(10, "0");
        expect(nanoOf(`${digits.slice(0, -9)}.${digits.slice(-9)}`)).toBe(nano);
      }),
    );
  });

  it("writes a number's digits without an exponent", () => {
    expect([1e-7, 2.5e-8, 1e21, 0.1, 12].map((value) => plainDecimal(value))).toEqual([
      "0.0000001",
      "0.000000025",
      "1000000000000000000000",
      "0.1",
      "12",
    ]);
  });
});
