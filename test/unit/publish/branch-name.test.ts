import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { branchName, branchPatternFault } from "../../../src/publish/rules/branch-name.ts";

const PATTERN = "agentd/{profile}/{work_unit}";
const VALUES = { profile: "builder", sessionId: "e812345678901234", date: "2026-11-28" };

function named(workUnit: string | null, pattern = PATTERN): string {
  return branchName(pattern, { ...VALUES, workUnit });
}

/** As git sees it. */
function isBranch(name: string): boolean {
  try {
    execFileSync("git", ["check-ref-format", `refs/heads/${name}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("the name of a branch", () => {
  it("has the values of the session", () => {
    expect(named("issue-42")).toBe("agentd/builder/issue-42");
    expect(named("x", "bot/{date}/{session}")).toBe("bot/2026-11-28/e812345678901234");
    expect(named("x", "nightly")).toBe("nightly");
  });

  it("has the session's id where there is no work unit, so each has its own", () => {
    expect(named(null)).toBe("agentd/builder/e812345678901234");
  });

  it("is another one for another work unit, however alike they are", () => {
    const names = ["a b", "a-b", "a/b", "a..b", "a\tb", "ä", "ö", "a".repeat(200), `${"a".repeat(199)}b`].map(
      (unit) => named(unit),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    "../../main",
    "..",
    ".",
    "/",
    "//",
    "refs/heads/main",
    "refs/",
    "a b c",
    "@",
    "@{-1}",
    "main@{u}",
    "x.lock",
    "x.lock.lock",
    "x.lock/",
    ".hidden",
    "-option",
    "--force",
    "a".repeat(300),
    "ünïcödé",
    "日本語",
    "\u202emain",
    "😀",
    "a\nb",
    "a\0b",
    "a:b",
    "a^b~c?d*e[f\\g",
    "+main",
    "%2e%2e",
    "{work_unit}",
    "{session}",
    "$&",
    "ends.",
    "main:refs/heads/main",
  ])("does not leave its pattern for %j", (workUnit) => {
    const name = named(workUnit);
    expect(name).toMatch(/^agentd\/builder\/[A-Za-z0-9][A-Za-z0-9._-]*$/);
    expect(name.length).toBeLessThan(200);
    expect(isBranch(name)).toBe(true);
  });
});

describe("a pattern", () => {
  it.each([PATTERN, "agentd/{session}", "nightly", "bot/{profile}-{date}", "a/b-{work_unit}.x"])(
    "is accepted: %s",
    (pattern) => {
      expect(branchPatternFault(pattern)).toBeUndefined();
      expect(isBranch(named("../x", pattern))).toBe(true);
    },
  );

  it.each([
    ["", /it is empty/],
    ["{work_unit}", /fixed part and a slash before {work_unit}/],
    ["agentd-{work_unit}", /fixed part and a slash/],
    ["{work_unit}/agentd", /fixed part and a slash/],
    ["agentd/{user}", /no braces but {profile}, {work_unit}, {session}, {date}/],
    ["agentd/{profile", /no braces/],
    ["agentd/}", /no braces/],
    ["refs/heads/{session}", /without refs\/heads/],
    ["HEAD", /without refs\/heads/],
    ["agentd/{session}.lock", /ends with .lock/],
    ["agentd//{session}", /no part between slashes is empty/],
    ["agentd/../{session}", /'\.\.'/],
    ["-agentd/{session}", /leading -/],
    ["agentd {session}", /white space/],
    ["a".repeat(121), /at most 120/],
  ])("is refused: %s", (pattern, fault) => {
    expect(branchPatternFault(pattern)).toMatch(fault);
  });
});
