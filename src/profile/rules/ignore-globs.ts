/** Which globs may say what a copy leaves out. */
const MOST_CHARACTERS = 1_000;

/** The rule that a glob breaks, without a full stop; undefined when it breaks none. */
export function globFault(glob: string): string | undefined {
  if (glob === "" || glob.length > MOST_CHARACTERS) return `must have 1 to ${MOST_CHARACTERS} characters`;
  if (/\p{Cc}/u.test(glob)) return "control characters are refused";
  if (glob.startsWith("!"))
    return "must not begin with !: what is not to be copied is listed, and nothing else";
  if (glob.startsWith("/") || glob.split("/").some((name) => name === "." || name === ".."))
    return "must be meant from the directory: without / at its beginning, and without . or ..";
  return undefined;
}
