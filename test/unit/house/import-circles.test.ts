import { describe, expect, it } from "vitest";
import { importsOf } from "../../kit/imports.ts";
import { type SourceFile, sourceFiles } from "../../kit/source-files.ts";

/** The files of one circle of imports, types included; undefined when there is none. */
function findCircle(files: readonly SourceFile[]): string[] | undefined {
  const imported = new Map(
    files.map((file) => [file.path, importsOf(file).flatMap(({ to }) => (to === undefined ? [] : [to]))]),
  );
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (finished.has(path)) return undefined;
    for (const next of imported.get(path) ?? []) {
      const circle = visit(next, [...trail, path]);
      if (circle !== undefined) return circle;
    }
    finished.add(path);
    return undefined;
  };
  for (const { path } of files) {
    const circle = visit(path, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

describe("the imports of src", () => {
  it("run in no circle of files", () => {
    expect(findCircle(sourceFiles("src"))).toBeUndefined();
  });

  it("are followed through other files, so that a planted circle is found", () => {
    const planted = [
      { path: "src/a.ts", text: 'import { b } from "./b.ts";' },
      { path: "src/b.ts", text: 'import type { C } from "./c.ts";' },
      { path: "src/c.ts", text: 'export const a = () => import("./a.ts");' },
    ];
    expect(findCircle(planted)).toEqual(["src/a.ts", "src/b.ts", "src/c.ts", "src/a.ts"]);
  });
});
