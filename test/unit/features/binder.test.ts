import { describe, expect, it } from "vitest";
import { Binder, type StepDefinition } from "../../features/binder/binding.ts";
import { type Feature, parseFeature } from "../../features/binder/feature-file.ts";
import { runScenario } from "../../features/binder/run-scenario.ts";

interface World {
  readonly seen: unknown[];
}

const SAY: StepDefinition<World> = {
  pattern: "the agent says {string}",
  run: ({ seen }, words: string) => void seen.push(words),
};
const EXIT: StepDefinition<World> = {
  pattern: "it exits with {int}",
  run: ({ seen }, code: number) => void seen.push(code),
};

function feature(...lines: string[]): Feature {
  return parseFeature(["Feature: words", ...lines].join("\n"), "features/words.feature");
}

async function run(read: Feature, definitions: readonly StepDefinition<World>[]): Promise<unknown[]> {
  const world = { seen: [] };
  for (const scenario of read.scenarios) await runScenario(scenario, new Binder(definitions), world);
  return world.seen;
}

describe("a scenario", () => {
  it("runs its steps in order, the background first, with the values of the text", async () => {
    const read = feature(
      "Background:",
      '  Given the agent says "first"',
      "Scenario: two",
      '  Given the agent says "second"',
      "  Then it exits with 3",
    );
    expect(await run(read, [SAY, EXIT])).toEqual(["first", "second", 3]);
  });

  it("gives a step the text or the table below it as its last value", async () => {
    const read = feature(
      "Scenario: blocks",
      "  Given a text:",
      '    """',
      "    one",
      "      two",
      '    """',
      "  And a table:",
      "    | a | b |",
      "    | c |   |",
    );
    const keep = (pattern: string): StepDefinition<World> => ({
      pattern,
      run: ({ seen }, block: unknown) => void seen.push(block),
    });
    expect(await run(read, [keep("a text:"), keep("a table:")])).toEqual([
      "one\n  two",
      [
        ["a", "b"],
        ["c", ""],
      ],
    ]);
  });

  it("runs once for each row of an outline's examples", async () => {
    const read = feature(
      "Scenario Outline: exit <code>",
      "  Then it exits with <code>",
      "  Examples:",
      "    | code |",
      "    | 5    |",
      "    | 42   |",
    );
    expect(read.scenarios.map(({ name }) => name)).toEqual(["exit 5", "exit 42"]);
    expect(await run(read, [EXIT])).toEqual([5, 42]);
  });

  it("fails with the place and the words of the step that failed, and what it threw", async () => {
    const read = feature("Scenario: falls", "  Then it exits with 3", "  Then it exits with 4");
    const picky: StepDefinition<World> = {
      ...EXIT,
      run: (_world, code: number) => {
        if (code === 4) throw new Error("it exited with 0");
      },
    };
    await expect(run(read, [picky])).rejects.toThrow(
      "features/words.feature:4: it exits with 4\nit exited with 0",
    );
  });

  it("fails before its first step when a step is not bound, and names that step", async () => {
    const read = feature("Scenario: unbound", '  Given the agent says "hello"', "  Then it rains");
    const world = { seen: [] };
    const [scenario] = read.scenarios;
    if (scenario === undefined) throw new Error("the feature has no scenario");
    await expect(runScenario(scenario, new Binder([SAY]), world)).rejects.toThrow(
      'features/words.feature:4: no step definition matches "it rains"',
    );
    expect(world.seen).toEqual([]);
  });

  it("fails when two definitions match a step, and names both", async () => {
    const read = feature("Scenario: ambiguous", "  Then it exits with 3");
    await expect(run(read, [EXIT, { ...EXIT, pattern: "it exits with {word}" }])).rejects.toThrow(
      'features/words.feature:3: "it exits with 3" is ambiguous: it matches "it exits with {int}" and "it exits with {word}"',
    );
  });
});

describe("the problems of a specification", () => {
  it("are none when every step has one definition and every definition is used", () => {
    const read = feature("Scenario: fits", '  Given the agent says "hello"', "  Then it exits with 0");
    expect(new Binder([SAY, EXIT]).problems([read])).toEqual([]);
  });

  it("name unbound steps, unused definitions and empty scenarios, all at once", () => {
    const read = feature("Scenario: empty", "Scenario: rain", "  Then it rains");
    expect(new Binder([SAY]).problems([read])).toEqual([
      'features/words.feature:2: no steps: "empty"',
      'features/words.feature:4: no step definition matches "it rains"',
      'no scenario uses the step definition "the agent says {string}"',
    ]);
  });

  it("place the steps of a rule", () => {
    const read = feature("Rule: weather", "  Scenario: rain", "    Then it rains");
    expect(new Binder([]).problems([read])).toEqual([
      'features/words.feature:4: no step definition matches "it rains"',
    ]);
  });
});
