import { describe, expect, it } from "vitest";
import { importsOf } from "../house/imports.ts";
import { sourceFiles } from "../house/source-files.ts";

/** The packages that are loaded with a file: what it imports at once, and what those files do. */
function packagesLoadedWith(file: string): Set<string> {
  const files = new Map(sourceFiles("src").map((each) => [each.path, each]));
  const packages = new Set<string>();
  const seen = new Set<string>();
  const visit = (path: string): void => {
    const source = files.get(path);
    if (source === undefined || seen.has(path)) return;
    seen.add(path);
    for (const { kind, to, specifier } of importsOf(source)) {
      if (kind !== "static") continue;
      if (to !== undefined) visit(to);
      else if (!specifier.startsWith("node:")) packages.add(specifier);
    }
  };
  visit(file);
  expect(seen.size).toBeGreaterThan(0);
  return packages;
}

describe("what every command loads", () => {
  it("is the option parser and the wire, and no validator, TOML parser, logger or git", () => {
    expect(packagesLoadedWith("src/cli/run-command-line.ts")).toEqual(new Set(["commander", "json-rpc-2.0"]));
  });

  it("is nothing before it is known whether this is a command or a worker", () => {
    expect(packagesLoadedWith("src/cli/main.ts")).toEqual(new Set());
  });
});
