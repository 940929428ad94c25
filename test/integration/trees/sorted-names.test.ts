import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sortedNames } from "../../../src/trees/sorted-names.ts";
import { TreeEntry } from "../../../src/trees/tree-entry.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "agentd-trees-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe("the names of a directory", () => {
  it("come in the order of the paths below it", () => {
    mkdirSync(join(directory, "a"));
    for (const name of ["a.b", "a0", "Z"]) writeFileSync(join(directory, name), "");
    using root = TreeEntry.root(directory);
    expect(sortedNames(root, 10)).toEqual({
      names: [
        { name: "Z", isDirectory: false },
        { name: "a.b", isDirectory: false },
        { name: "a", isDirectory: true },
        { name: "a0", isDirectory: false },
      ],
      hasMore: false,
    });
  });

  it("are not more than were asked for", () => {
    for (const name of ["a", "b", "c"]) writeFileSync(join(directory, name), "");
    using root = TreeEntry.root(directory);
    expect(sortedNames(root, 2)).toMatchObject({ hasMore: true, names: { length: 2 } });
    expect(sortedNames(root, 3)).toMatchObject({ hasMore: false, names: { length: 3 } });
  });
});
