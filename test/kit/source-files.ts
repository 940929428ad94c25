import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** The checkout. */
export const ROOT = join(import.meta.dirname, "../..");

/** A text file of the project. */
export interface SourceFile {
  /** From the checkout, with slashes: `src/cli/main.ts`. */
  readonly path: string;
  readonly text: string;
}

const NOT_OURS = new Set([".git", "node_modules", "dist", "coverage"]);

/** Every file of the project below a directory, in the order of their paths. */
export function sourceFiles(directory: string): SourceFile[] {
  return pathsBelow(join(ROOT, directory))
    .map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, "utf8") }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function pathsBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return pathsBelow(path);
    return entry.isFile() ? [path] : [];
  });
}
