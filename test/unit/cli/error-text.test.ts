import { describe, expect, it } from "vitest";
import { countOption, durationOption, instantOption } from "../../../src/cli/frame/arguments.ts";
import { FAULTS, SESSION_FAULTS } from "../../../src/cli/frame/command.ts";
import { errorText, faultCode } from "../../../src/cli/frame/error-text.ts";
import { AgentdError } from "../../../src/errors.ts";

describe("an error on the terminal", () => {
  it("says what could not be done, why, its code and what to do next", () => {
    const error = new AgentdError("daemon_not_running", {
      tried: "reach it",
      why: "gone",
      next: "Start it.",
    });
    expect(errorText(error)).toBe("agentd: cannot reach it: gone [daemon_not_running]\n  Start it.");
  });

  it("indents each line of what to do next", () => {
    const error = new AgentdError("internal", { tried: "a", why: "b", next: "One.\nTwo." });
    expect(errorText(error)).toBe("agentd: cannot a: b [internal]\n  One.\n  Two.");
  });

  it("has one line when there is nothing to do", () => {
    expect(errorText(new AgentdError("internal", { tried: "a", why: "b" }))).toBe(
      "agentd: cannot a: b [internal]",
    );
  });

  it("keeps the lines of a list of problems and nothing else that moves the cursor", () => {
    const error = new AgentdError("config_invalid", { tried: "load", why: "two:\n  a\x1b[2J\n  b" });
    expect(errorText(error)).toBe("agentd: cannot load: two:\n  a\\x1b[2J\n  b [config_invalid]");
  });

  it.each([new TypeError("x is not a function"), "thrown text", undefined])(
    "is an internal one for whatever else was thrown: %o",
    (thrown) => {
      expect(errorText(thrown)).toMatch(/^agentd: cannot finish the command: .+ \[internal\]$/);
    },
  );
});

describe("the exit code of an error", () => {
  const usage = new AgentdError("usage", { tried: "a", why: "b" });

  it("is 2 for usage and 1 for the rest", () => {
    expect([faultCode(usage, FAULTS), faultCode(new Error("x"), FAULTS)]).toEqual([2, 1]);
  });

  it("is 125 for both where an outcome is expected", () => {
    expect([faultCode(usage, SESSION_FAULTS), faultCode(new Error("x"), SESSION_FAULTS)]).toEqual([125, 125]);
  });
});

describe("the value of an option", () => {
  it("is a duration in milliseconds, or nothing", () => {
    expect(durationOption("--timeout", "90s")).toBe(90_000);
    expect(durationOption("--timeout", undefined)).toBeUndefined();
  });

  it.each(["", "5", "0s", "-1s", "1.5h", "1y", "90 s", "1e3s"])("is no duration as %j", (text) => {
    expect(() => durationOption("--timeout", text)).toThrow(
      `cannot use ${JSON.stringify(text)} for --timeout: a duration is`,
    );
  });

  it("is a count within its bounds", () => {
    const bounds = { max: 10 };
    expect([countOption("--limit", "1", bounds), countOption("--limit", "10", bounds)]).toEqual([1, 10]);
    expect(countOption("--tail", "0", { min: 0, max: 10 })).toBe(0);
  });

  it.each(["", "0", "11", "-1", "1.5", "ten", "1e1", "0x1"])("is no count as %j", (text) => {
    expect(() => countOption("--limit", text, { max: 10 })).toThrow("it must be a whole number from 1 to 10");
  });

  const NOW = Date.parse("2026-01-02T12:00:00Z");

  it.each([
    ["10m", "2026-01-02T11:50:00.000Z"],
    ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"],
    ["2026-01-02T03:04:05.123456789+01:00", "2026-01-02T02:04:05.123Z"],
  ])("is an instant as %j", (text, instant) => {
    expect(new Date(instantOption("--since", text, NOW) ?? 0).toISOString()).toBe(instant);
  });

  it.each(["", "yesterday", "2026-01-02", "2026-13-02T03:04:05Z", "2026-01-02T03:04:05", "10", "-10m"])(
    "is no instant as %j",
    (text) => {
      expect(() => instantOption("--since", text, NOW)).toThrow("it must be an age such as");
    },
  );
});
