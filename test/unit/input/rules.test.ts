import { describe, expect, it } from "vitest";
import { commandWith, wordsWithout } from "../../../src/input/command-words.ts";
import { artifactFault, inputNameFault, inputsFault, requestFault } from "../../../src/input/rules.ts";

describe("a request", () => {
  it.each(["x", "a\nb\r\n\t", "🙂", `'"\`$(x)`, "x".repeat(1024 * 1024)])("may be %.20j", (text) => {
    expect(requestFault(text)).toBeUndefined();
  });

  it.each([
    ["nothing", ""],
    ["only white space", " \n\t"],
    ["a NUL", "a\0b"],
    ["more than 1 MiB", "x".repeat(1024 * 1024 + 1)],
    ["more than 1 MiB in bytes", "ä".repeat(512 * 1024 + 1)],
  ])("is not %s", (_what, text) => {
    expect(requestFault(text)).toBeDefined();
  });
});

describe("the name of an input", () => {
  it.each(["a", "a.b", ".env", "-x", "späte Notiz.md", "a=b", "...", "🙂"])("may be %s", (name) => {
    expect(inputNameFault(name)).toBeUndefined();
  });

  it.each([
    "",
    ".",
    "..",
    "a/b",
    "/a",
    "../a",
    "a\\b",
    "a\nb",
    "a\0b",
    "\u202Ea",
    "request.txt",
    "x".repeat(201),
  ])("is not %j", (name) => {
    expect(inputNameFault(name)).toBeDefined();
  });
});

describe("the inputs of a run", () => {
  const named = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `f${index}`, bytes: 1 }));

  it("are at most 100 files and 16 MiB, each with its own name", () => {
    expect(inputsFault(named(100))).toBeUndefined();
    expect(inputsFault(named(101))).toContain("100");
    expect(inputsFault([{ name: "a", bytes: 16 * 1024 * 1024 }])).toBeUndefined();
    expect(inputsFault([...named(1), { name: "a", bytes: 16 * 1024 * 1024 }])).toContain("16 MiB");
    expect(inputsFault([...named(2), ...named(1)])).toContain("twice");
  });
});

describe("an artifact", () => {
  it.each([
    ["claim", "claim-42.json", true],
    ["a.b_c-d", "x.json", true],
    ["", "x.json", false],
    ["..", "x.json", false],
    ["a/b", "x.json", false],
    ["claim", "x.txt", false],
    ["claim", ".json", false],
    ["claim", "a/b.json", false],
  ])("of type %j in %j: %j", (type, file, isAccepted) => {
    expect(artifactFault(type, file) === undefined).toBe(isAccepted);
  });
});

describe("the words of a command", () => {
  const values = { request: "do $AGENTD_REF now", workUnit: "w", ref: "main" };

  it("are replaced where they are a whole argument, once, and nowhere else", () => {
    const command = [
      "x",
      "$AGENTD_REQUEST",
      "$AGENTD_REF",
      "a$AGENTD_REF",
      "${AGENTD_REF}",
      "$HOME",
      "$AGENTD_WORK_UNIT",
    ];
    expect(commandWith(command, values)).toEqual([
      ...["x", "do $AGENTD_REF now", "main", "a$AGENTD_REF", "${AGENTD_REF}", "$HOME", "w"],
    ]);
  });

  it("are missed where the run has no value", () => {
    const command = ["x", "$AGENTD_REQUEST", "$AGENTD_REF"];
    expect(wordsWithout(command, { request: true, workUnit: false, ref: false })).toEqual(["$AGENTD_REF"]);
    expect(() => commandWith(command, { ...values, ref: null })).toThrow("$AGENTD_REF");
  });
});
