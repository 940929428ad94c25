import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { ending, endingOfExitCode, type Outcome, runExitCode } from "../../src/outcome.ts";

const signalName = (number: number): string | undefined =>
  Object.entries(constants.signals).find(([, value]) => value === number)?.[0];

describe("the outcome of an exit code", () => {
  it.each<[code: number, outcome: Outcome, signal: string | null, runExits: number]>([
    [0, "success", null, 0],
    [1, "generic_failure", null, 1],
    [2, "usage_error", null, 2],
    [3, "blocked", null, 0],
    [4, "nothing_ready", null, 0],
    [5, "work_failed", null, 5],
    [6, "infrastructure_failure", null, 6],
    [7, "generic_failure", null, 7],
    [42, "generic_failure", null, 42],
    [124, "generic_failure", null, 124],
    [125, "generic_failure", null, 125],
    [126, "command_not_executable", null, 126],
    [127, "command_not_found", null, 127],
    [128, "generic_failure", null, 128],
    [129, "terminated_by_signal", "SIGHUP", 129],
    [137, "terminated_by_signal", "SIGKILL", 137],
    [139, "terminated_by_signal", "SIGSEGV", 139],
    [143, "terminated_by_signal", "SIGTERM", 143],
    [192, "terminated_by_signal", "SIG64", 192],
    [193, "generic_failure", null, 193],
    [255, "generic_failure", null, 255],
  ])("%i is %s", (code, outcome, signal, runExits) => {
    const end = endingOfExitCode(code, signalName);
    expect(end).toEqual({ outcome, exit_code: code, signal, stage: null, cause: null });
    expect(runExitCode(end)).toBe(runExits);
  });
});

describe("the exit code of agentd run", () => {
  it.each<[outcome: Outcome, exitCode: number | null, runExits: number]>([
    ["out_of_memory", 137, 137],
    ["timed_out", 143, 124],
    ["cancelled", null, 130],
    ["output_limit_exceeded", 137, 123],
    ["disk_limit_exceeded", 137, 120],
    ["budget_exhausted", 143, 122],
    ["llm_refused", 0, 119],
    ["interrupted", null, 75],
    ["launch_failed", null, 125],
  ])("for %s with the command's code %s is %i", (outcome, exitCode, runExits) => {
    expect(runExitCode(ending(outcome, { exit_code: exitCode }))).toBe(runExits);
  });
});
