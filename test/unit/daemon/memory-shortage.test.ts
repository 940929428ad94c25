import { expect, it } from "vitest";
import { isShort } from "../../../src/daemon/memory-shortage.ts";

it("is short with less than a tenth of the memory available, and never where the kernel does not say", () => {
  const text = (available: number) =>
    `MemTotal:       8000000 kB\nMemFree:  1 kB\nMemAvailable:    ${available} kB\n`;
  expect(isShort(text(799_999))).toBe(true);
  expect(isShort(text(800_000))).toBe(false);
  expect(isShort("")).toBe(false);
});
