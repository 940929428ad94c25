import { describe, expect, it } from "vitest";
import { SUITES } from "../../host/image/definition.mjs";
import { readResults, tableIn, tableOf, withReport, withTable } from "../../host/results.mjs";
import { scenariosOf } from "../../host/suites.mjs";
import { page } from "../../kit/markdown.ts";

const HOST = {
  podman: "podman version 5.4.2",
  kernel: "6.12.1",
  node: "v20.19.2",
  runtime: "crun version 1.21",
};
const FRAME = { suite: "trixie", host: HOST, boots: 1, seconds: 9 };
const scenario = (name: string, state: "passed" | "failed" | "not run") => {
  return { name, state, title: `${name} works`, seconds: 1.234, facts: {} };
};

describe("what runs on booted hosts have shown", () => {
  const first = withReport(undefined, {
    ...FRAME,
    date: "2026-11-29",
    scenarios: [scenario("a", "passed"), scenario("b", "failed"), scenario("c", "not run")],
  });

  it("is kept for each scenario that ran", () => {
    expect(first.scenarios).toEqual({
      a: { date: "2026-11-29", state: "passed", seconds: 1.2 },
      b: { date: "2026-11-29", state: "failed", seconds: 1.2 },
    });
  });

  it("is added to what earlier runs have shown on the same host, and on no other", () => {
    const later = { ...FRAME, date: "2026-11-30", scenarios: [scenario("b", "passed")] };
    expect(withReport(first, later).scenarios).toMatchObject({
      a: { date: "2026-11-29", state: "passed" },
      b: { date: "2026-11-30", state: "passed" },
    });
    const host = { ...HOST, podman: "podman version 5.4.3" };
    expect(Object.keys(withReport(first, { ...later, host }).scenarios)).toEqual(["b"]);
  });

  it("is one row of a table for each host, with its time, what failed and how much did not run", () => {
    const rows = tableOf([first], () => ["a", "b", "c"]).split("\n");
    expect(rows).toHaveLength(3);
    expect(rows[2]).toMatch(
      /^\| Debian trixie \| 6\.12\.1 \| .* 5\.4\.2 \| crun 1\.21 \|.* 20\.19\.2 \| 2026-11-29 \| 1 min \| 1 of 3 passed; failed: b; 1 not run \|$/,
    );
    const later = {
      ...FRAME,
      date: "2026-11-30",
      scenarios: [scenario("b", "passed"), scenario("c", "passed")],
    };
    expect(tableOf([withReport(first, later)], () => ["a", "b", "c"])).toMatch(
      /\| 2026-11-29 to 2026-11-30 \| 1 min \| 3 of 3 passed \|$/,
    );
  });

  it("takes the place of the table that a page had", () => {
    const text = page("host.md");
    expect(tableIn(withTable(text, "| new |"))).toBe("| new |");
  });

  it("stands in docs/host.md as it is recorded", () => {
    const all = Object.keys(SUITES).flatMap((suite) => readResults(suite) ?? []);
    expect(tableIn(page("host.md"))).toBe(
      tableOf(all, (suite) => scenariosOf(suite).map(({ name }) => name)),
    );
  });
});
