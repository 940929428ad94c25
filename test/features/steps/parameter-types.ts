import { ParameterType } from "@cucumber/cucumber-expressions";

/** What patterns may hold besides Cucumber's own types. */
export const PARAMETER_TYPES = [
  /** A command line between backquotes, as documentation shows it: it may hold both kinds of quotes. */
  new ParameterType("command", /`([^`]+)`/, String, (text: string) => text),
  /** Bytes as printf(1) writes them: `"\000one\n"`. */
  new ParameterType("bytes", /"((?:[^"\\]|\\.)*)"/, null, decodeBytes, false),
];

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\" };

function decodeBytes(text: string): Buffer {
  const decoded = text.replace(/\\([0-7]{3}|.)/g, (_, escape: string) =>
    escape.length === 3 ? String.fromCharCode(Number.parseInt(escape, 8)) : (ESCAPES[escape] ?? escape),
  );
  return Buffer.from(decoded, "latin1");
}
