/** A title and, below it, what is known: for one thing rather than a list of them. */
import { printable } from "../terminal/printable.ts";

/** A name and what it is; the same name may come again. */
export type Fact = readonly [name: string, fact: string];

/**
 * Lays out facts in two columns. What they say is made printable here.
 *
 * @param title printed as it is.
 */
export function renderFacts(title: string, facts: readonly Fact[]): string {
  const width = Math.max(0, ...facts.map(([name]) => name.length));
  return [title, ...facts.map(([name, fact]) => `  ${name.padEnd(width)}  ${printable(fact)}`)].join("\n");
}
