/** The page on hostile inputs, and the tests that it stands for. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { allCases } from "../../hostile/all-cases.mjs";
import { INPUTS } from "../../hostile/inputs.mjs";
import { page, tableRows } from "../../kit/markdown.ts";

const CHECKOUT = resolve(import.meta.dirname, "../../..");

/** What has the names of a file's tests. */
function sourceOf(file: string): string {
  const feature = /^features\/(.+)\.test\.ts$/.exec(file)?.[1];
  const path = feature === undefined ? `test/${file}` : `features/${feature}.feature`;
  return readFileSync(join(CHECKOUT, path), "utf8");
}

/** Whether a source has it in one piece, or as the end of one name and the beginning of the next. */
function hasName(source: string, title: string): boolean {
  const words = title.split(" ");
  return words.some((_, at) =>
    [words.slice(0, at), words.slice(at)].every((part) => source.includes(part.join(" "))),
  );
}

describe("docs/hostile.md", () => {
  it("has the inputs, with what comes of each", () => {
    const bare = (text: string): string => text.replaceAll("`", "");
    expect(tableRows(page("hostile.md"))).toEqual(
      INPUTS.map(({ number, name, expectation }) => [String(number), bare(name), bare(expectation)]),
    );
    expect(INPUTS.map(({ number }) => number)).toEqual(INPUTS.map((_, index) => index + 1));
    expect(INPUTS.length).toBeGreaterThan(40);
  });
});

describe("the hostile inputs", () => {
  it.each(INPUTS)(
    "$number are tried by tests and cases that there are: $name",
    async ({ tests, cases = [] }) => {
      const known = (await allCases()).map(({ name }) => name);
      expect(cases.filter((name) => !known.includes(name))).toEqual([]);
      const missing = Object.entries(tests).flatMap(([file, titles]) => {
        const source = sourceOf(file);
        return titles.filter((title) => !hasName(source, title)).map((title) => `${file}: ${title}`);
      });
      expect(missing).toEqual([]);
      expect(Object.keys(tests).length + cases.length).toBeGreaterThan(0);
    },
  );

  it("have every case", async () => {
    const used = INPUTS.flatMap(({ cases = [] }) => cases);
    expect(used.toSorted()).toEqual((await allCases()).map(({ name }) => name).toSorted());
  });
});
