import { describe, expect, it } from "vitest";
import { saysDiskFull } from "../../src/disk-full.ts";

describe("a full disk", () => {
  it.each([
    "ENOSPC: no space left on device, write",
    "EDQUOT: disk quota exceeded, open '/x'",
    "fatal: write error: No space left on device\n",
    "error: unable to write file: Disk quota exceeded",
  ])("is one by its error %j", (message) => {
    expect(saysDiskFull(new Error(message))).toBe(true);
  });

  it.each(["EACCES: permission denied, open '/x'", "git was ended"])("is not one by %j", (message) => {
    expect(saysDiskFull(new Error(message))).toBe(false);
  });
});
