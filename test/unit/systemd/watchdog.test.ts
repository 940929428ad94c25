import { describe, expect, it } from "vitest";
import { watchdogLimitMs } from "../../../src/systemd/watchdog.ts";

describe("the watchdog's limit", () => {
  it("is what systemd says to the process that it watches, in milliseconds", () => {
    expect(watchdogLimitMs({ WATCHDOG_USEC: "120000000", WATCHDOG_PID: "42" }, 42)).toBe(120_000);
    expect(watchdogLimitMs({ WATCHDOG_USEC: "500000" }, 42)).toBe(500);
  });

  it("is none for a child of that process, and where systemd watches nobody", () => {
    expect(watchdogLimitMs({ WATCHDOG_USEC: "120000000", WATCHDOG_PID: "41" }, 42)).toBeUndefined();
    expect(watchdogLimitMs({}, 42)).toBeUndefined();
    expect(watchdogLimitMs({ WATCHDOG_USEC: "0" }, 42)).toBeUndefined();
    expect(watchdogLimitMs({ WATCHDOG_USEC: "soon" }, 42)).toBeUndefined();
  });
});
