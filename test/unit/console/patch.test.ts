import { describe, expect, it } from "vitest";
import { usageCsv } from "../../../src/console/pages/usage-csv.ts";
import { readPatch } from "../../../src/console/session/patch.ts";

const lines = (...all: string[]): string => `${all.join("\n")}\n`;

describe("a patch", () => {
  it("has its files, with what became of each, and numbered lines", () => {
    const patch = lines(
      "diff --git a/src/a.ts b/src/a.ts",
      "index 1..2 100644",
      "--- a/src/a.ts",
      "+++ b/src/a.ts",
      "@@ -3,3 +3,4 @@ function f() {",
      " same",
      "-gone",
      "+--- not a name",
      "+new",
      "\\ No newline at end of file",
      "diff --git a/old b/new",
      "similarity index 100%",
      "rename from old",
      "rename to new",
      "diff --git a/x.bin b/x.bin",
      "new file mode 100644",
      "Binary files /dev/null and b/x.bin differ",
      'diff --git "a/\\303\\244" "b/\\303\\244"',
      "deleted file mode 100644",
      '--- "a/\\303\\244"',
      "+++ /dev/null",
      "@@ -1 +0,0 @@",
      "-x",
    );
    const [first, ...others] = readPatch(patch);
    expect(first).toMatchObject({ path: "src/a.ts", what: "", added: 2, removed: 1 });
    expect(first?.lines.map(({ kind, before, after, text }) => [kind, before, after, text])).toEqual([
      ["hunk", undefined, undefined, "@@ -3,3 +3,4 @@ function f() {"],
      ["same", 3, 3, "same"],
      ["del", 4, undefined, "gone"],
      ["add", undefined, 4, "--- not a name"],
      ["add", undefined, 5, "new"],
      ["hunk", undefined, undefined, "No newline at end of file"],
    ]);
    expect(others.map(({ path, what }) => [path, what])).toEqual([
      ["new", "renamed"],
      ["x.bin", "new, binary"],
      ["\\303\\244", "deleted"],
    ]);
  });

  it("that is cut off, empty or none has what is there", () => {
    expect(readPatch("")).toEqual([]);
    expect(readPatch("no patch")).toEqual([]);
    expect(readPatch("diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x")).toMatchObject([
      { removed: 1 },
    ]);
  });
});

it("leaves the cost empty that is not known, and has no formula for a spreadsheet", () => {
  const row = { sessions: 1, requests: 2, refused: 0, input_tokens: 3, cached_tokens: 4, output_tokens: 5 };
  const rows = [
    { ...row, model: '=cmd("x"),y', usd: null, has_unknown_cost: true },
    { ...row, model: "plain", usd: 0.25, has_unknown_cost: false },
  ];
  expect(usageCsv(rows, "model").split("\r\n").slice(1)).toEqual([
    `"'=cmd(""x""),y",1,2,0,3,4,5,,true`,
    "plain,1,2,0,3,4,5,0.25,false",
    "",
  ]);
});
