import { describe, expect, it } from "vitest";
import { type SourceFile, sourceFiles } from "../../kit/source-files.ts";

const MAX_LINES = 300;

/** Directories of one machine, which mean nothing on another. `/home/<profile>` is inside containers. */
const MACHINE_PATH = /(?<![\w.$}~-])\/(?:work|root|Users|workspace|builds)\//;

function linesWithMachinePaths(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, index) => (MACHINE_PATH.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

describe("the files of the project", () => {
  it(`are at most ${MAX_LINES} lines long in src/`, () => {
    const tooLong = sourceFiles("src").filter(({ text }) => text.trimEnd().split("\n").length > MAX_LINES);
    expect(tooLong.map(({ path }) => path)).toEqual([]);
  });

  it("name no directory of one machine", () => {
    expect(linesWithMachinePaths(sourceFiles("."))).toEqual([]);
  });

  it("are caught when they do", () => {
    const path = ["", "root", "x"].join("/");
    expect(linesWithMachinePaths([{ path: "README.md", text: `# Hello\ncd ${path}\n` }])).toEqual([
      `README.md:2: cd ${path}`,
    ]);
  });
});
