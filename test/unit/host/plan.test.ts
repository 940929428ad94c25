import { describe, expect, it } from "vitest";
import { scenario } from "../../host/guest/scenario.mjs";
import { planBoots } from "../../host/plan.mjs";
import { isSuccess, reportText, resultsOf } from "../../host/report.mjs";

const FRAME = { suite: "trixie", date: "2026-11-29", host: {}, boots: 1, seconds: 5 };
const run = (): Promise<void> => Promise.resolve();
const short = (name: string) => scenario(name, `${name} works`, run);
const long = (name: string) => ({
  name,
  title: `${name} works`,
  phases: [{ run, then: "reboot" as const }, { run }],
});

describe("the boots of the test's host", () => {
  it("are one for all scenarios that need no more", () => {
    expect(planBoots([short("a"), short("b")])).toEqual([
      [
        { scenario: "a", phase: 0 },
        { scenario: "b", phase: 0 },
      ],
    ]);
  });

  it("begin the next long scenario where the one before it ends", () => {
    expect(planBoots([long("x"), short("a"), long("y")])).toEqual([
      [
        { scenario: "a", phase: 0 },
        { scenario: "x", phase: 0 },
      ],
      [
        { scenario: "x", phase: 1 },
        { scenario: "y", phase: 0 },
      ],
      [{ scenario: "y", phase: 1 }],
    ]);
  });

  it("end with the scenarios that look at what all the others have left", () => {
    expect(planBoots([{ ...short("z"), isLast: true }, long("x"), short("a")])).toEqual([
      [
        { scenario: "a", phase: 0 },
        { scenario: "x", phase: 0 },
      ],
      [
        { scenario: "x", phase: 1 },
        { scenario: "z", phase: 0 },
      ],
    ]);
  });
});

describe("the report of the test's host", () => {
  const scenarios = [short("a"), long("x")];
  const report = (events: Parameters<typeof resultsOf>[1]) => {
    const results = resultsOf(scenarios, events);
    return { results, success: isSuccess({ ...FRAME, scenarios: results }) };
  };

  it("tells what a scenario has measured", () => {
    const { results } = report([
      { event: "passed", scenario: "x", phase: 0, seconds: 2, facts: { score: "9.8" } },
      { event: "passed", scenario: "x", phase: 1, seconds: 3, facts: { files: "3" } },
    ]);
    expect(results[1]?.facts).toEqual({ score: "9.8", files: "3" });
    expect(reportText({ ...FRAME, scenarios: results })).toMatch(/^ +score: 9\.8$/m);
  });

  it("is a success only when every phase of every scenario has passed", () => {
    const all = report([
      { event: "passed", scenario: "a", phase: 0, seconds: 1, facts: {} },
      { event: "passed", scenario: "x", phase: 0, seconds: 2, facts: {} },
      { event: "passed", scenario: "x", phase: 1, seconds: 3, facts: {} },
    ]);
    expect(all.success).toBe(true);
    expect(all.results).toMatchObject([{ state: "passed" }, { state: "passed", seconds: 5 }]);
  });

  it("is none when a scenario came to no end, as when the host broke down", () => {
    const some = report([
      { event: "passed", scenario: "a", phase: 0, seconds: 1, facts: {} },
      { event: "passed", scenario: "x", phase: 0, seconds: 2, facts: {} },
      { event: "started", scenario: "x", phase: 1 },
    ]);
    expect(some.success).toBe(false);
    expect(some.results).toMatchObject([{ state: "passed" }, { state: "not run" }]);
  });

  it("says why a scenario failed", () => {
    const failed = report([
      { event: "failed", scenario: "a", phase: 0, seconds: 1, why: "it is broken", diagnosis: "" },
    ]);
    expect(failed.success).toBe(false);
    expect(failed.results[0]).toMatchObject({ state: "failed", why: "it is broken" });
  });
});
