import { describe, expect, it } from "vitest";
import { globRows, PathGlobs } from "../../src/path-globs.ts";

/** Whether a pattern matches a path, and whether it can match below it. */
function follow(pattern: string, path: string): { matches: boolean; goesOn: boolean } {
  const globs = new PathGlobs(globRows(pattern));
  let state = globs.start;
  let matches = false;
  for (const name of path.split("/")) {
    const step = globs.step(state, name);
    state = step.below;
    matches = step.matched.length > 0;
  }
  return { matches, goesOn: state.length > 0 };
}

describe("a glob for paths", () => {
  it.each([
    ["dist/**", "dist/a"],
    ["dist/**", "dist/.a/b/c"],
    ["**", "a/b"],
    ["**/*.log", "a.log"],
    ["**/*.log", "a/.b/c.log"],
    ["a/**/b", "a/b"],
    ["a/**/b", "a/x/y/b"],
    ["**/a/**/a/**/b", "a/a/a/b"],
    ["*", ".env"],
    ["a?c", "abc"],
    ["[a-c]x", "bx"],
    ["[!a-c]x", "dx"],
    ["[[:digit:]]", "7"],
    ["{a,b/c}/*.{js,css}", "b/c/x.css"],
    ["x{1..12}", "x11"],
    ["a\\*b", "a*b"],
    ["#a", "#a"],
    ["+(a|b)", "+(a|b)"],
    ["dist", "dist"],
    ["dist", "dist/a/b"],
    ["dist/", "dist/a"],
    ["**/coverage", "a/coverage/b/c"],
    ["größe/ß?", "größe/ß€"],
  ])("%s matches %s", (pattern, path) => {
    expect(follow(pattern, path).matches).toBe(true);
  });

  it.each([
    ["dist/**", "dist"],
    ["dist/**", "Dist/a"],
    ["dist/*", "dist/a/b"],
    ["*", "a/b"],
    ["*.log", "a/b.log"],
    ["a?c", "ac"],
    ["[a-c]x", "dx"],
    ["x{1..12}", "x13"],
    ["a\\*b", "aab"],
    ["a/**/b", "a/bc"],
    ["+(a|b)", "a"],
    ["dist", "dist2"],
  ])("%s does not match %s", (pattern, path) => {
    expect(follow(pattern, path).matches).toBe(false);
  });

  it.each([
    [".codex/sessions/**", ".codex", true],
    [".codex/sessions/**", ".codex/sessions", true],
    [".codex/sessions/**", ".codex/sessions/2026/11", true],
    [".codex/sessions/**", ".codex/log", false],
    [".codex/sessions/**", ".cache", false],
    ["*/x", "a", true],
    ["*/x", "a/b", false],
    ["*.log", "a", false],
    ["dist/*", "dist/a", false],
    ["a/**/b", "a/x/y", true],
  ])("%s: whether it can match below %s is %s", (pattern, path, goesOn) => {
    expect(follow(pattern, path).goesOn).toBe(goesOn);
  });

  it("takes no exponential work, whatever the pattern and the path", () => {
    const rows = [
      ...globRows(`${"**/a/".repeat(190)}b`),
      ...globRows("*a".repeat(490)),
      ...globRows(`${"{a,b}".repeat(6)}${"*?".repeat(300)}c`),
    ];
    const globs = new PathGlobs(rows);
    let state = globs.start;
    let positions = 0;
    for (let level = 0; level < 300; level++) {
      const step = globs.step(state, level % 2 === 0 ? "a" : "a".repeat(255));
      expect(step.matched).toEqual([]);
      state = step.below;
      positions = Math.max(positions, state.length);
    }
    // Where trial and error would have as many ways as there are choices of levels.
    expect(positions).toBeLessThanOrEqual(rows.flat().length);
  });
});
