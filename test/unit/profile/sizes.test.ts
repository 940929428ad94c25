import { describe, expect, it } from "vitest";
import { sizeBytes } from "../../../src/profile/rules/sizes.ts";

describe("sizeBytes", () => {
  it.each([
    ["1b", 1],
    ["3k", 3 * 1024],
    ["512m", 512 * 1024 ** 2],
    ["16g", 16 * 1024 ** 3],
    ["2t", 2 * 1024 ** 4],
    ["8191t", 8191 * 1024 ** 4],
  ])("reads %s", (text, bytes) => {
    expect(sizeBytes(text)).toBe(bytes);
  });

  it.each([
    "",
    "5",
    "g",
    "0g",
    "-1g",
    "1.5g",
    "1 g",
    "1G",
    "1gb",
    "1GiB",
    "1p",
    "8192t",
    " 1g",
    "1g\n",
    "1e3b",
  ])("refuses %j", (text) => {
    expect(sizeBytes(text)).toBeUndefined();
  });
});
