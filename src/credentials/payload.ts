/** Credentials as the text that the launcher's shell reads. */

/**
 * Shell text that exports every value and then says `go=1`.
 *
 * The exports are in one group, because a shell parses a whole group before it runs any of it: nothing of a text that
 * is cut short takes effect, wherever the cut is.
 */
export function credentialPayload(values: ReadonlyMap<string, string>): Buffer {
  const exports = [...values].map(([name, value]) => `export ${name}=${shellQuote(value)}`);
  return Buffer.from(["{ :", ...exports, "}", "go=1", ""].join("\n"));
}

/** A text as one shell word with exactly its bytes. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
