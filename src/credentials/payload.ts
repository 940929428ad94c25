/** What goes through a gate, as the text that the launcher's shell reads. */

/** What a launcher is given. */
export interface Payload {
  /** By name; none is one that a shell keeps for itself. */
  readonly variables: ReadonlyMap<string, string>;
  /** Program and arguments; the program is not an option of `exec`. */
  readonly command: readonly string[];
}

/**
 * Shell text that exports every variable, sets the launcher's arguments to the command, and then says `go=1`.
 *
 * All but that is in one group, because a shell parses a whole group before it runs any of it: nothing of a text that
 * is cut short takes effect, wherever the cut is.
 */
export function payloadText({ variables, command }: Payload): Buffer {
  const exports = [...variables].map(([name, value]) => `export ${name}=${shellQuote(value)}`);
  const words = ["set", "--", ...command.map(shellQuote)].join(" ");
  return Buffer.from(["{ :", ...exports, words, "}", "go=1", ""].join("\n"));
}

/** A text as one shell word with exactly its bytes. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
