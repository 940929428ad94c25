import { describe, expect, it } from "vitest";
import { endingOf } from "../../../src/sessions/run/command-ending.ts";

const ended = "2026-01-01T00:00:00.000Z";
const exited = { kind: "exited", exitCode: 0, outOfMemory: false, isCommands: true, endedAt: ended } as const;

describe("the ending of a command", () => {
  it("is out_of_memory when memory ran out and the code is not zero", () => {
    expect(endingOf({ ...exited, exitCode: 137, outOfMemory: true })).toMatchObject({
      outcome: "out_of_memory",
      exit_code: 137,
      signal: "SIGKILL",
    });
  });

  it("is success when only a child was killed for memory and the command still ended with zero", () => {
    expect(endingOf({ ...exited, outOfMemory: true })).toMatchObject({ outcome: "success", exit_code: 0 });
  });

  it("is interrupted, never success, when nobody can tell", () => {
    expect(endingOf({ kind: "lost", why: "conmon died" })).toEqual({
      outcome: "interrupted",
      exit_code: null,
      signal: null,
      stage: null,
      cause: "conmon died",
    });
  });

  it("is interrupted when the executor's own limit ended it", () => {
    expect(endingOf({ kind: "outlasted", endedAt: ended })).toMatchObject({
      outcome: "interrupted",
      exit_code: null,
    });
  });
});
