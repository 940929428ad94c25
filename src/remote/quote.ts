/** Words for a shell on another host, of whatever kind it is. */

const PLAIN = /^[\w@%+=:,./-]+$/;

/** A line that the shell of a login splits into exactly these words. */
export function shellLine(words: readonly string[]): string {
  return words.map(quoted).join(" ");
}

/** fish reads a backslash within single quotes and other shells do not: between double quotes all agree on it. */
function quoted(word: string): string {
  if (PLAIN.test(word)) return word;
  if (word === "") return "''";
  return word.replace(/'|\\|[^'\\]+/g, (part) => {
    if (part === "'") return `"'"`;
    return part === "\\" ? `"\\\\"` : `'${part}'`;
  });
}
