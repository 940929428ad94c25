import { describe, expect, it } from "vitest";
import { type Ending, ending } from "../../../src/outcome.ts";
import { endingAsSaid } from "../../../src/sessions/end/what-it-said.ts";

const PROFILE = { exitCodes: { "41": "usage_error" }, blockedLine: "BLOCKED:" } as const;
const SUCCESS = ending("success", { exit_code: 0 });

async function said(end: Ending, printed = "", profile: Parameters<typeof endingAsSaid>[1] = PROFILE) {
  return await endingAsSaid(end, profile, () => Promise.resolve(printed));
}

describe("the outcome that a command reports itself", () => {
  it("is what the profile says about its exit code", async () => {
    const end = ending("generic_failure", { exit_code: 41 });
    expect(await said(end)).toEqual({ ...end, outcome: "usage_error" });
  });

  it("is the usual one for any other exit code", async () => {
    const end = ending("generic_failure", { exit_code: 42 });
    expect(await said(end)).toBe(end);
  });

  it.each([
    ["was ordered", ending("timed_out", { exit_code: 41, cause: "ran longer than 1 s" })],
    ["came by a signal", ending("terminated_by_signal", { exit_code: 143, signal: "SIGTERM" })],
    ["was not seen", ending("interrupted", { cause: "conmon died" })],
    ["ran out of memory", ending("out_of_memory", { exit_code: 41 })],
  ])("is nothing where the end %s", async (_how, end) => {
    expect(await said(end, "BLOCKED: x\n")).toBe(end);
  });

  it.each([
    ["the last line", "working\nBLOCKED: which key?\n", "which key?"],
    ["a line before others", "BLOCKED: which key?\n\ntokens used: 12\n", "which key?"],
    ["the last of several", "BLOCKED: one\nBLOCKED: two\n", "two"],
    ["a line that is emphasized", "> **BLOCKED: which key?**\n", "which key?"],
    ["a beginning that is emphasized", "**BLOCKED:** which key?\n", "which key?"],
    ["a line in colours", "\x1b[1;31mBLOCKED: which key?\x1b[0m\r\n", "which key?"],
    ["a line without a reason", "BLOCKED:\n", null],
    ["a long reason, cut", `BLOCKED: ${"x".repeat(600)}\n`, "x".repeat(500)],
  ])("is blocked by %s", async (_what, printed, cause) => {
    expect(await said(SUCCESS, printed)).toEqual({ ...SUCCESS, outcome: "blocked", cause });
  });

  it.each([
    ["says it in the middle of a line", "it is not BLOCKED: at all\n"],
    ["said it long ago", `BLOCKED: x\n${"line\n".repeat(40)}`],
    ["says nothing", ""],
  ])("is success where the command %s", async (_what, printed) => {
    expect(await said(SUCCESS, printed)).toBe(SUCCESS);
  });

  it("is success in a profile without such a line", async () => {
    const profile = { exitCodes: {}, blockedLine: undefined };
    expect(await said(SUCCESS, "BLOCKED: x\n", profile)).toBe(SUCCESS);
  });

  it("stays the same when it is asked for again", async () => {
    const once = await said(SUCCESS, "BLOCKED: x\n");
    expect(await said(once, "BLOCKED: x\n")).toBe(once);
    const coded = await said(ending("generic_failure", { exit_code: 41 }));
    expect(await said(coded)).toEqual(coded);
  });
});
