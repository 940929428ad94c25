import { describe, expect, it } from "vitest";
import { bytePath } from "../../../src/trees/byte-path.ts";
import { isRefName } from "../../../src/work/git/ref-name.ts";

describe("the name of a ref", () => {
  it.each([
    "refs/heads/main",
    "refs/heads/-x",
    "refs/heads/--upload-pack=x",
    "refs/tags/v1.0",
    "refs/heads/ü",
    "refs/stash",
  ])("may be %s", (name) => {
    expect(isRefName(bytePath(name))).toBe(true);
  });

  it.each([
    "HEAD",
    "heads/main",
    "refs/",
    "refs/heads/",
    "refs/heads/.hidden",
    "refs/heads/a..b",
    "refs/heads/a b",
    "refs/heads/a\nb",
    "refs/heads/a\x1b[31m",
    "refs/heads/a~1",
    "refs/heads/a^",
    "refs/heads/a:b",
    "refs/heads/a?",
    "refs/heads/*",
    "refs/heads/[a",
    "refs/heads/a\\b",
    "refs/heads/a.lock",
    "refs/heads/a.lock/b",
    "refs/heads/a@{1}",
    "refs/heads//a",
    "refs/heads/a.",
    "refs/../HEAD",
    `refs/heads/${"a".repeat(1000)}`,
  ])("is not %j", (name) => {
    expect(isRefName(bytePath(name))).toBe(false);
  });
});
