/** Which paths of a directory the operator does not want to be copied. */
import { type GlobRow, globRows, type GlobState, PathGlobs } from "../path-globs.ts";

/**
 * A function that tells whether a path is ignored.
 *
 * @param globs from the directory's root; one without a slash is meant for any depth, one that ends with `/` or `/**`
 * for the directory itself, too.
 */
export function ignoredBy(globs: readonly string[]): (path: string) => boolean {
  const rows = globs.flatMap(rowsOf);
  if (rows.length === 0) return () => false;
  const patterns = new PathGlobs(rows);
  return (path) => {
    let state: GlobState = patterns.start;
    let isMatched = false;
    for (const name of path.split("/")) {
      const step = patterns.step(state, name);
      isMatched = step.matched.length > 0;
      state = step.below;
    }
    return isMatched;
  };
}

function rowsOf(glob: string): GlobRow[] {
  const pattern = glob.replace(/\/+$/, "");
  const anywhere = pattern.includes("/") ? pattern : `**/${pattern}`;
  const itself = anywhere.replace(/\/\*\*$/, "");
  return [...new Set([anywhere, itself])].flatMap((each) => globRows(each));
}
