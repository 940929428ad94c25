import { describe, expect, it } from "vitest";
import { artifactGlobFault } from "../../../src/profile/rules/artifact-globs.ts";

describe("a pattern for artifacts", () => {
  it.each([
    "dist/**",
    "dist",
    "dist/",
    "~/.codex/sessions/**",
    "~/**",
    "**/*.{js,css}",
    "{~/a,b}",
    "...",
    "a..b",
    ".github/x",
    "~user/x",
    "x/~/y",
    "~/.runa/x",
    "*".repeat(1000),
    "größe",
  ])("is accepted, number %#", (pattern) => {
    expect(artifactGlobFault(pattern)).toBeUndefined();
  });

  it.each([
    ["", "must not be empty"],
    ["a\0b", "NUL"],
    ["/etc/passwd", "relative to the clone"],
    ["/", "relative to the clone"],
    ["{/etc,a}/passwd", "relative path"],
    ["../x", '".."'],
    ["a/../b", '".."'],
    ["~/../x", '".."'],
    ["./a", '"."'],
    ["a/{..,b}/c", '".."'],
    ["[.][.]/x", '".."'],
    ["a//b", "two slashes"],
    ["a//", "two slashes"],
    ["{,}", "relative path"],
    ["!a", "cannot leave anything out"],
    ["a".repeat(1001), "at most 1000 bytes"],
    ["ä".repeat(501), "at most 1000 bytes"],
    ["{a,b}".repeat(7), "more than 100 patterns"],
    ["{a,b}".repeat(200), "more than 100 patterns"],
    ["~", "something in the home"],
    ["~/", "something in the home"],
    ["~/repo/dist/**", "without ~/repo/"],
    ["~/repo", "without ~/repo/"],
    [".git/**", "must not name .git"],
    ["a/.GIT/config", "must not name .git"],
    ["**/.git", "must not name .git"],
    [".runa/**", "must not name .runa"],
  ])("is refused, number %#", (pattern, rule) => {
    expect(artifactGlobFault(pattern)).toContain(rule);
  });
});
