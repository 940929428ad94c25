/** Just enough of Markdown to compare a page with the code it describes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const DOCS = join(import.meta.dirname, "..", "..", "docs");

export function page(name: string): string {
  return readFileSync(join(DOCS, name), "utf8");
}

/** Heading to text of every section of a level, in order; the text goes up to the next heading of that level or above. */
export function sections(text: string, level: number): Map<string, string> {
  // A comment in a block of code is no heading.
  const hidden = text.replace(/^```.*?^```/gms, (block) => block.replaceAll("\n#", "\n\0#"));
  const parts = hidden.split(new RegExp(`^#{1,${level}} `, "m")).slice(1);
  return new Map(
    parts.map((each) => {
      const part = each.replaceAll("\0#", "#");
      const end = part.indexOf("\n");
      return [part.slice(0, end), part.slice(end + 1)];
    }),
  );
}

/** Rows of every table in a text, as cells without their backticks; headers and rules are left out. */
export function tableRows(text: string): string[][] {
  const lines = text.split("\n").filter((line) => line.startsWith("|"));
  const isRule = (line: string | undefined) => line !== undefined && /^[|\s-]+$/.test(line);
  return lines
    .filter((line, index) => !isRule(line) && !isRule(lines[index + 1]))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf("|"))
        .split("|")
        .map((cell) => cell.trim().replaceAll("`", "")),
    );
}

/** The words between backticks, in order. */
export function codeWords(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, word = ""]) => word);
}

/** The blocks of code in a language below a heading, up to the next heading of its level, in order. */
export function codeBlocks(text: string, language: string, heading: string): string[] {
  const level = heading.indexOf(" ");
  const section = sections(text, level).get(heading.slice(level + 1)) ?? "";
  const block = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms");
  return [...section.matchAll(block)].map(([, code = ""]) => code);
}
