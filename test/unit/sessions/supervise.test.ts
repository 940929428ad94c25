import { describe, expect, it } from "vitest";
import { endingOfExit } from "../../../src/sessions/supervise.ts";

const exited = { kind: "exited", exitCode: 0, oomKilled: false, finishedAt: "2026-01-01T00:00:00Z" } as const;

describe("the ending of an exit", () => {
  it("is out_of_memory when the engine says OOMKilled and the code is not zero", () => {
    expect(endingOfExit({ ...exited, exitCode: 137, oomKilled: true })).toMatchObject({
      outcome: "out_of_memory",
      exit_code: 137,
      signal: "SIGKILL",
    });
  });

  it("is success when only a child was killed for memory and the command still ended with zero", () => {
    expect(endingOfExit({ ...exited, oomKilled: true })).toMatchObject({ outcome: "success", exit_code: 0 });
  });

  it("is interrupted, never success, when nobody can tell", () => {
    expect(endingOfExit({ kind: "lost", why: "conmon died" })).toEqual({
      outcome: "interrupted",
      exit_code: null,
      signal: null,
      stage: null,
      cause: "conmon died",
    });
  });

  it("is interrupted when conmon's own timeout ended the container", () => {
    expect(endingOfExit({ ...exited, exitCode: -1 })).toMatchObject({
      outcome: "interrupted",
      exit_code: null,
    });
  });
});
