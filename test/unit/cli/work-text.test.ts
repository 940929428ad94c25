import { describe, expect, it } from "vitest";
import { hasChanges, shortWorkText, workPointer, workText } from "../../../src/cli/words/work-text.ts";
import type { Work } from "../../../src/work-fields.ts";

const commit = "1".repeat(40);
const WORK: Work = {
  head_commit: "2".repeat(40),
  commits: 2,
  files_changed: 1,
  insertions: 12,
  deletions: 3,
  uncommitted: 1,
  patch_bytes: 800,
};
const NONE: Work = {
  ...WORK,
  head_commit: commit,
  commits: 0,
  files_changed: 0,
  insertions: 0,
  deletions: 0,
  uncommitted: 0,
};

describe("what is said about a session's work", () => {
  it.each([
    [WORK, "1111111111..2222222222, 2 commits, 1 file changed, +12 -3 lines, 1 uncommitted", "+12 -3"],
    [
      { ...WORK, commits: 1, files_changed: 2, uncommitted: 0 },
      "1111111111..2222222222, 1 commit, 2 files changed, +12 -3 lines",
      "+12 -3",
    ],
    [
      { ...NONE, head_commit: "2".repeat(40), commits: 1 },
      "1111111111..2222222222, 1 commit, 0 files changed, +0 -0 lines",
      "1 commit",
    ],
    [
      { ...WORK, commits: null, head_commit: null },
      "1111111111..none, commits not exported, 1 file changed, +12 -3 lines, 1 uncommitted",
      "+12 -3",
    ],
    [
      { ...WORK, files_changed: null, insertions: null, deletions: null, uncommitted: null },
      "1111111111..2222222222, 2 commits, files not exported",
      "2 commits",
    ],
    [NONE, "no changes", "-"],
  ])("of %j is %j", (work, text, short) => {
    expect(workText({ commit, work })).toBe(text);
    expect(shortWorkText({ work })).toBe(short);
  });

  it("names no commits where there are none", () => {
    const work = { ...WORK, head_commit: null, commits: 0 };
    const text = "0 commits, 1 file changed, +12 -3 lines, 1 uncommitted";
    expect(workText({ commit: null, work })).toBe(text);
  });

  it.each([
    [WORK, "2 commits, +12 -3 lines: see `agentd diff 0123`"],
    [{ ...WORK, commits: 0 }, "+12 -3 lines: see `agentd diff 0123`"],
    [{ ...WORK, insertions: null, deletions: null }, "2 commits: see `agentd diff 0123`"],
    [{ ...WORK, commits: null, insertions: null }, "work: see `agentd diff 0123`"],
    [NONE, null],
    [null, null],
  ])("at the end of a run, of %j, is %j", (work, text) => {
    expect(workPointer({ session_id: "0123", work })).toBe(text);
  });

  it("is nothing where nothing was exported", () => {
    expect([
      workText({ commit, work: null }),
      shortWorkText({ work: null }),
      hasChanges({ work: null }),
    ]).toEqual([null, "-", false]);
  });
});
