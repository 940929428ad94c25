import { describe, expect, it } from "vitest";
import { judgeTold } from "../../../src/placement/judge-told.ts";
import type { Observation } from "../../../src/placement/placement.ts";

const WHY = "its job was cancelled in Slurm";

function cancelled(ranMs: number): Observation {
  return { at: "ended", engineState: "CANCELLED", ending: { why: WHY, ranMs } };
}

describe("what it means that the engine has told a runner to end", () => {
  it.each([
    // Slurm counts whole seconds, and a signal takes a while.
    [1_200, 1_000],
    [3_900, 2_000],
    [20_000, 16_000],
    [20_000, 20_000],
    // The runner starts after its job.
    [600_000, 604_000],
  ])(
    "is an order when the run that the engine ends was the runner's: %i ms, and %i ms by the engine",
    (ran, byEngine) => {
      expect(judgeTold(ran, cancelled(byEngine))).toEqual({ kind: "order", why: WHY });
      const near: Observation = { at: "running", node: "n1", ending: { why: WHY, ranMs: byEngine } };
      expect(judgeTold(ran, near)).toEqual({ kind: "order", why: WHY });
    },
  );

  it.each([
    [6_900, 0],
    [6_900, 1_000],
    [2_500, 1_000],
    [600_000, 30_000],
  ])(
    "is none when the engine ends a run that it began later: %i ms, and %i ms by the engine",
    (ran, byEngine) => {
      expect(judgeTold(ran, cancelled(byEngine))).toEqual({ kind: "no_order" });
    },
  );

  it.each<Observation>([
    { at: "absent" },
    { at: "queued", reason: "BeginTime" },
    { at: "running", node: "n1" },
    { at: "ended", engineState: "NODE_FAIL", reason: "NodeDown" },
    { at: "ended", engineState: "FAILED" },
  ])("is none when the engine knows of no order: %j", (observation) => {
    expect(judgeTold(7_000, observation)).toEqual({ kind: "no_order" });
  });

  it("is unclear while the engine cannot be asked", () => {
    expect(judgeTold(7_000, { at: "unknown", why: "timed out" })).toEqual({ kind: "later" });
  });
});
