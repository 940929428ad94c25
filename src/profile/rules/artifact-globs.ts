/** The rules for `artifacts` of a profile. */
import { globFault, type GlobRow, globRows } from "../../path-globs.ts";

/** How many patterns a profile may have. */
export const MOST_ARTIFACT_GLOBS = 100;

/** The rule that a pattern breaks; undefined when it breaks none. */
export function artifactGlobFault(pattern: string): string | undefined {
  if (pattern.startsWith("/") && !pattern.includes("\0"))
    return "must be relative to the clone, such as dist/**, or start with ~/ for the home";
  return globFault(pattern) ?? globRows(pattern).map(placeFault).find(Boolean);
}

function placeFault(row: GlobRow): string | undefined {
  const [first, second] = row;
  if (row.some((part) => typeof part === "string" && part.toLowerCase() === ".git"))
    return "must not name .git: no repository becomes an artifact";
  if (first === "~" && row.length === 1) return "must name something in the home, such as ~/.cache/app/*.log";
  if (first === "~" && second === "repo")
    return "must name files of the clone by their paths in it, without ~/repo/";
  return first === ".runa" ? "must not name .runa: the record has it in any case" : undefined;
}
