/** Which paths of a directory the operator does not want to be copied. */
import picomatch from "picomatch";

/**
 * A function that tells whether a path is ignored.
 *
 * @param globs from the directory's root; one without a slash is meant for any depth, one that ends with `/` or `/**`
 * for the directory itself, too.
 */
export function ignoredBy(globs: readonly string[]): (path: string) => boolean {
  if (globs.length === 0) return () => false;
  const patterns = globs.map((glob) => glob.replace(/\/+$/, "")).filter((glob) => glob !== "");
  return picomatch(patterns, { dot: true, basename: true, nonegate: true, posix: true });
}
