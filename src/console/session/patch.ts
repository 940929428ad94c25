/** Reads a patch of git into files and their lines. Whatever is in it becomes text. */

export interface PatchLine {
  readonly kind: "add" | "del" | "hunk" | "same";
  readonly text: string;
  /** Number in the file before; undefined for a new line. */
  readonly before: number | undefined;
  /** Number in the file after; undefined for one that is gone. */
  readonly after: number | undefined;
}

export interface PatchFile {
  readonly path: string;
  /** Such as `new`, `deleted`, `renamed` or `binary`; empty for a usual change. */
  readonly what: string;
  readonly added: number;
  readonly removed: number;
  readonly lines: readonly PatchLine[];
}

/** The files of a patch, in its order; a file whose end is cut off has what is there. */
export function readPatch(patch: string): PatchFile[] {
  return patch
    .split(/^(?=diff --git )/m)
    .flatMap((part) => (part.startsWith("diff --git ") ? [readFile(part)] : []));
}

function readFile(part: string): PatchFile {
  const all = part.replace(/\n$/, "").split("\n");
  const begin = all.findIndex((line) => line.startsWith("@@"));
  const head = begin === -1 ? all : all.slice(0, begin);
  const lines: PatchLine[] = [];
  let before = 0;
  let after = 0;
  for (const text of begin === -1 ? [] : all.slice(begin)) {
    const [, from, to] = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(text) ?? [];
    if (from !== undefined) {
      before = Number(from);
      after = Number(to);
      lines.push({ kind: "hunk", text, before: undefined, after: undefined });
    } else if (text.startsWith("+")) {
      lines.push({ kind: "add", text: text.slice(1), before: undefined, after: after++ });
    } else if (text.startsWith("-")) {
      lines.push({ kind: "del", text: text.slice(1), before: before++, after: undefined });
    } else if (text.startsWith("\\")) {
      lines.push({ kind: "hunk", text: text.slice(2), before: undefined, after: undefined });
    } else lines.push({ kind: "same", text: text.slice(1), before: before++, after: after++ });
  }
  return {
    path: pathOf(head),
    what: whatOf(head),
    added: lines.filter(({ kind }) => kind === "add").length,
    removed: lines.filter(({ kind }) => kind === "del").length,
    lines,
  };
}

function pathOf(head: readonly string[]): string {
  const named = (start: string): string | undefined => {
    const line = head.find((each) => each.startsWith(start))?.slice(start.length);
    return line === undefined || line === "/dev/null" ? undefined : line;
  };
  const found = named("+++ ") ?? named("--- ");
  if (found !== undefined) return plain(found).replace(/^[ab]\//, "");
  const renamed = named("rename to ");
  if (renamed !== undefined) return plain(renamed);
  // Without a hunk, both names are the same.
  const both = (head[0] ?? "").slice("diff --git ".length);
  return plain(both.slice(0, Math.floor(both.length / 2))).replace(/^a\//, "");
}

/** A name that git has put into quotation marks, as it is shown there, without them. */
function plain(name: string): string {
  return name.replace(/^"(.*)"$/, "$1").replace(/\t$/, "");
}

function whatOf(head: readonly string[]): string {
  const has = (start: string): boolean => head.some((line) => line.startsWith(start));
  if (has("new file")) return has("GIT binary") || has("Binary") ? "new, binary" : "new";
  if (has("deleted file")) return "deleted";
  if (has("rename to")) return "renamed";
  if (has("GIT binary") || has("Binary files")) return "binary";
  return has("new mode") ? "mode" : "";
}
