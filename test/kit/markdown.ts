/** Just enough of Markdown to compare a page with the code it describes. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const DOCS = join(import.meta.dirname, "..", "..", "docs");

export function page(name: string): string {
  return readFileSync(join(DOCS, name), "utf8");
}

/** The README and every page of `docs/`, by their paths from the checkout. */
export function allPages(): string[] {
  const names = readdirSync(DOCS).filter((name) => name.endsWith(".md"));
  return ["README.md", ...names.map((name) => `docs/${name}`)];
}

/** A block of code of a page. */
export interface Block {
  readonly page: string;
  /** Of its first line. */
  readonly line: number;
  readonly language: string;
  /** Without the indentation of the fence. */
  readonly code: string;
  /** The paragraph that leads to it. */
  readonly before: string;
}

/** Every block of code of a page, in order. @param name its path from the checkout. */
export function blocksOf(name: string): Block[] {
  const text = readFileSync(join(DOCS, "..", name), "utf8");
  return [...text.matchAll(/^( *)```(\S*)\n(.*?)^ *```$/gms)].map((found) => {
    const [, indent = "", language = "", code = ""] = found;
    const above = text.slice(0, found.index);
    return {
      page: name,
      line: above.split("\n").length + 1,
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
      before: above.trimEnd().split("\n\n").at(-1) ?? "",
    };
  });
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
