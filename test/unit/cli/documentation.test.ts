/** Every command line in the README and the pages is one that agentd understands. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readCommandLine } from "../../../src/cli/command-line.ts";
import { COMMANDS } from "../../../src/cli/command-table.ts";
import { adviceFor } from "../../../src/cli/other-words.ts";
import { ERROR_CODES } from "../../../src/errors.ts";
import { codeWords, page, sections, tableRows } from "../../kit/markdown.ts";
import { sourceFiles } from "../../kit/source-files.ts";

const CHECKOUT = resolve(import.meta.dirname, "../../..");
const PAGES = [
  "README.md",
  ...readdirSync(join(CHECKOUT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

interface Line {
  readonly from: string;
  readonly text: string;
}

const textOf = (file: string): string => readFileSync(join(CHECKOUT, file), "utf8");

/** In blocks of shell: what a person copies, so nothing may be missing. */
function linesInBlocks(file: string): Line[] {
  const blocks = [...textOf(file).matchAll(/^ *```(sh|console)\n(.*?)^ *```/gms)];
  return blocks.flatMap(([, language, code = ""]) =>
    code.split("\n").flatMap((line) => {
      const typed = language === "console" ? /^\$ (.*)$/.exec(line)?.[1] : line.trim();
      return typed === undefined ? [] : commandsIn(typed).map((text) => ({ from: file, text }));
    }),
  );
}

/** Between backticks: arguments may be left out. */
function linesInText(file: string): Line[] {
  const prose = textOf(file).replaceAll(/^ *```.*?^ *```/gms, "");
  return (
    codeWords(prose)
      // Not what agentd says itself.
      .filter((word) => /^agentd [-a-z]/.test(word) && !word.endsWith("."))
      .map((text) => ({ from: file, text }))
  );
}

/** agentd's own parts of a line of shell. */
function commandsIn(line: string): string[] {
  const code = line.replace(/(^|\s)#.*$/, "");
  const inner = [...code.matchAll(/\$\(([^()]*)\)/g)].flatMap(([, part = ""]) => commandsIn(part));
  const outer = code.replace(/\$\([^()]*\)/g, "WORD").split(/\s*(?:\||&&|;|&$)\s*/);
  const own = outer.map((part) => part.replace(/\s+\d?>.*$/, "").trim());
  return [...own.filter((part) => /^(?:bin\/)?agentd\b/.test(part)), ...inner];
}

/** Words as a shell splits them; what stands for something becomes a word. */
function argvOf(text: string): string[] {
  const plain = text
    .replace(/\[([^\]]*)\]/g, "$1")
    .replaceAll("...", "")
    .replaceAll("…", "");
  const words = plain.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  const values: Readonly<Record<string, string>> = { SHELL: "bash", COMMAND: "run" };
  return words.slice(1).map((word) => values[word] ?? word.replace(/^["'](.*)["']$/, "$1"));
}

function faultOf(text: string): string | undefined {
  const line = readCommandLine(argvOf(text), COMMANDS, "1.2.3");
  return line.kind === "wrong" ? line.error.message : undefined;
}

describe("command lines in blocks", () => {
  const lines = PAGES.flatMap(linesInBlocks);

  it("are found", () => {
    expect(lines.length).toBeGreaterThan(50);
  });

  it.each(lines)("of $from: $text", ({ text }) => {
    expect(faultOf(text)).toBeUndefined();
  });
});

describe("command lines in the text", () => {
  const lines = PAGES.flatMap(linesInText);

  it("name commands and options that there are", () => {
    const isLeftOut = /missing required argument|required option|a subcommand is required|argument missing/;
    const wrong = lines.filter(({ text }) => {
      const fault = faultOf(text);
      const isOther = adviceFor(argvOf(text)[0] ?? "") !== undefined;
      return fault !== undefined && !isLeftOut.test(fault) && !isOther;
    });
    expect(lines.length).toBeGreaterThan(150);
    expect(wrong).toEqual([]);
  });
});

describe("the page on troubleshooting", () => {
  const text = page("troubleshooting.md");
  const named = tableRows(sections(text, 2).get("By symptom") ?? "").flatMap(([, words = ""]) =>
    words.split(", "),
  );
  const doctor = sourceFiles("src/cli/doctor").flatMap(({ text: source }) =>
    [...source.matchAll(/\bcheck\(\s*"(\w+)"/g)].map(([, name = ""]) => name),
  );

  it("names only codes of errors and checks of doctor", () => {
    expect(doctor.length).toBeGreaterThan(25);
    const known = [...Object.keys(ERROR_CODES), ...doctor];
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it("names every check of doctor", () => {
    const words = [...named, ...codeWords(sections(text, 2).get("What doctor checks besides") ?? "")];
    expect(doctor.filter((name) => !words.includes(name))).toEqual([]);
  });
});

describe("the README", () => {
  it("leads to every page", () => {
    const readme = textOf("README.md");
    expect(PAGES.slice(1).filter((file) => !readme.includes(`](${file}`))).toEqual([]);
  });
});
