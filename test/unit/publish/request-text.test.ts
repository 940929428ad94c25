import { describe, expect, it } from "vitest";
import { requestBody, requestTitle, titlePatternFault } from "../../../src/publish/rules/request-text.ts";
import type { WorkSummary } from "../../../src/work/summary.ts";

const ABOUT = {
  profile: "builder",
  sessionId: "e812345678901234",
  workUnit: "issue-42",
  subject: "Fix the login",
};

const SUMMARY: WorkSummary = {
  base: "a".repeat(40),
  head: { commit: "b".repeat(40), branch: "refs/heads/main" },
  branches: [],
  commit_count: 2,
  commits: [
    { id: "b".repeat(40), author: "A <a@b>", time: null, subject: "Fix the login" },
    { id: "c".repeat(40), author: "A <a@b>", time: null, subject: "Closes #1 @everyone\u0007 `x`" },
  ],
  files_changed: 3,
  insertions: 12,
  deletions: 4,
  uncommitted: 1,
  patch_bytes: 100,
  bundle_bytes: 100,
  artifacts: null,
  left_out: [],
  left_out_count: 0,
};

const FACTS = {
  ...ABOUT,
  repository: "https://git.example.org/team/demo.git",
  base: SUMMARY.base ?? "",
  commit: "d".repeat(40),
  summary: SUMMARY,
  hasRest: true,
  summaryDigest: "1".repeat(64),
  statement: undefined,
};

describe("the title of a request", () => {
  it("has the words of its pattern", () => {
    expect(requestTitle("{subject}", ABOUT)).toBe("Fix the login");
    expect(requestTitle("[{profile}] {work_unit} ({session})", ABOUT)).toBe(
      "[builder] issue-42 (e812345678901234)",
    );
  });

  it("is one line of bounded length, and never empty", () => {
    expect(requestTitle("{subject}", { ...ABOUT, subject: "a\r\nb\u202e\u0000 c" })).toBe("a b c");
    expect(Array.from(requestTitle("{subject}", { ...ABOUT, subject: "😀".repeat(500) }))).toHaveLength(200);
    expect(requestTitle("{subject}", { ...ABOUT, subject: " \n" })).toBe("builder: session e812345678901234");
  });

  it("takes nothing of a value for a word", () => {
    expect(requestTitle("{subject}", { ...ABOUT, subject: "{work_unit} $&" })).toBe("{work_unit} $&");
  });

  it("has a pattern with known words only", () => {
    expect(titlePatternFault("{subject} of {profile}")).toBeUndefined();
    expect(titlePatternFault("{title}")).toMatch(/no braces but {subject}/);
    expect(titlePatternFault("  ")).toBe("must not be empty");
    expect(titlePatternFault("x".repeat(201))).toMatch(/at most 200/);
  });
});

describe("the body of a request", () => {
  it("has the work unit, the summary, the session and the digest of its record", () => {
    const body = requestBody(FACTS);
    expect(body).toContain("- Work unit: `issue-42`");
    expect(body).toContain("- Session: `e812345678901234`");
    expect(body).toContain(
      "- Commits: 2, and one with what the session left uncommitted; 3 files changed, +12 -4 lines",
    );
    expect(body).toContain(`SHA-256 of \`work/summary.json\` is \`${"1".repeat(64)}\``);
    expect(body).toContain(`From: \`${"a".repeat(40)}\` to \`${"d".repeat(40)}\``);
    expect(requestBody({ ...FACTS, statement: "2".repeat(64) })).toContain(
      `Statement of the record: \`${"2".repeat(64)}\``,
    );
  });

  it("shows subjects as code, where they mention and close nothing", () => {
    expect(requestBody(FACTS)).toContain(`\n    ${"c".repeat(12)} Closes #1 @everyone \`x\`\n`);
    expect(requestBody({ ...FACTS, workUnit: "`@all`\n# x" })).toContain("- Work unit: `'@all' # x`\n");
  });

  it("lists some commits and counts the rest", () => {
    const [first] = SUMMARY.commits;
    if (first === undefined) throw new Error("no commit");
    const commits = Array.from({ length: 1000 }, () => first);
    const body = requestBody({ ...FACTS, summary: { ...SUMMARY, commits, commit_count: 5000 } });
    expect(body).toContain("    and 4980 more\n");
    expect(body.length).toBeLessThan(10_000);
  });
});
