/**
 * Which files a forge runs with its own secrets, as pathspecs of git. Case does not count: some file systems take
 * `.GitHub` for `.github`.
 */

/** Always protected: each of them, and everything below. */
const CI_PATHS = [".github", ".gitea", ".forgejo", ".gitlab-ci.yml"];

export const MOST_PROTECTED = 100;
const PATTERN_BYTES = 1_000;

/** The rule that a glob of `protect` breaks; undefined when it breaks none. Git reads these globs. */
export function protectFault(glob: string): string | undefined {
  if (glob === "") return "must not be empty";
  if (Buffer.byteLength(glob) > PATTERN_BYTES) return `must have at most ${PATTERN_BYTES} bytes`;
  if (/[\0-\x1f\x7f]/.test(glob)) return "must not contain control characters";
  if (glob.startsWith("/") || glob.endsWith("/"))
    return "must be a path in the repository, without a slash at its ends";
  if (/[{}\\]/.test(glob)) return "must not contain braces or backslashes: write one glob for each path";
  const parts = glob.split("/");
  return parts.some((part) => part === "" || part === "." || part === "..")
    ? 'must not contain "", "." or ".." as a part of the path'
    : undefined;
}

/** What is protected, in the form that git takes. */
export interface ProtectedPaths {
  readonly pathspecs: readonly string[];
  /**
   * Directories, in lower case, that lead to a protected path: a link or submodule in the place of one would put other
   * files there.
   */
  readonly onTheWay: ReadonlySet<string>;
}

/**
 * @param globs of the profile.
 * @param besides paths that links lead to.
 */
export function protectedPaths(globs: readonly string[], besides: readonly string[]): ProtectedPaths {
  const literal = [...CI_PATHS, ...besides];
  const onTheWay = new Set([...literal, ...globs].flatMap((path) => parentsOf(path.toLowerCase())));
  const pathspecs = [
    ...literal.map((path) => `:(top,icase,literal)${path}`),
    ...globs.flatMap(formsOf).map((glob) => `:(top,icase,glob)${glob}`),
    // Matches the name itself and nothing below.
    ...Array.from(onTheWay, (path) => `:(top,icase,glob)${exactly(path)}`),
  ];
  return { pathspecs, onTheWay };
}

/** A directory that a glob names stands for all that is in it, and a link in its place for the directory. */
function formsOf(glob: string): string[] {
  const forms = [glob, `${glob}/**`];
  for (let rest = glob; rest.endsWith("/**");) {
    rest = rest.slice(0, -"/**".length);
    forms.push(rest);
  }
  return forms.filter((form) => form !== "**");
}

/** The directories above a path, as far as they have no wildcards. */
function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  const wild = parts.findIndex((part) => /[*?[]/.test(part));
  const plain = wild === -1 ? parts : parts.slice(0, wild);
  return plain.map((_, index) => plain.slice(0, index + 1).join("/"));
}

/** A glob for exactly that path: with its last character in brackets, git takes it for no directory's name. */
function exactly(path: string): string {
  const escaped = path.replaceAll(/[*?[\]\\]/g, "\\$&");
  return escaped.endsWith("\\]") ? escaped : `${escaped.slice(0, -1)}[${escaped.slice(-1)}]`;
}
