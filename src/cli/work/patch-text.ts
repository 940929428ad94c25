/** A patch as people read it on a terminal. What an agent has written is in it, so no byte of it moves a cursor. */
import { printable } from "../terminal/printable.ts";

/** Sequences that begin a colour; undefined: no colours. */
export interface PatchColours {
  readonly meta: string;
  readonly frag: string;
  readonly old: string;
  readonly new: string;
}

const RESET = "\u001b[m";
const NEWLINE = 0x0a;

/** All lines of a patch, coloured as git does it, each with its newline. */
export async function* patchLines(
  content: AsyncIterable<Buffer>,
  colours: PatchColours | undefined,
): AsyncGenerator<string> {
  let isInHunk = false;
  for await (const line of linesOf(content)) {
    // In a hunk, each line begins with a space, a sign or a backslash.
    if (line.startsWith("diff --git ")) isInHunk = false;
    const kind = kindOf(line, isInHunk);
    const colour = kind === undefined ? undefined : colours?.[kind];
    if (line.startsWith("@@ ")) isInHunk = true;
    const text = readable(line);
    yield colour === undefined ? `${text}\n` : `${colour}${text}${RESET}\n`;
  }
}

/** A line with nothing in it that a terminal would obey but tabs. */
export function readable(line: string): string {
  return line.split("\t").map(printable).join("\t");
}

function kindOf(line: string, isInHunk: boolean): keyof PatchColours | undefined {
  if (line.startsWith("diff --git ")) return "meta";
  if (line.startsWith("@@ ")) return "frag";
  if (!isInHunk) return line === "" ? undefined : "meta";
  if (line.startsWith("+")) return "new";
  return line.startsWith("-") ? "old" : undefined;
}

/** Only a newline ends a line, as in git; bytes that are not UTF-8 become U+FFFD. */
async function* linesOf(content: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  for await (const chunk of content) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]).toString("utf8");
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(Buffer.from(chunk.subarray(start)));
  }
  if (parts.length > 0) yield Buffer.concat(parts).toString("utf8");
}
