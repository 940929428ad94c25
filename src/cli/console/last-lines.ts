/** The end of what a session printed, for a report. */
import { readConsoleEnd } from "../../podman/console-end.ts";
import type { Fingerprints } from "../../redaction/fingerprints.ts";
import { redactedBytes } from "../../redaction/redact-text.ts";
import { TerminalFilter } from "../terminal/terminal-filter.ts";
import { TerminalLine } from "../terminal/terminal-line.ts";
import { shortened } from "../terminal/text-width.ts";

/** What is shown of a line, in characters. */
const SHOWN_CHARACTERS = 500;

const COLOURS = /\x1b\[[\d:;]*m/g;

/**
 * The last lines of a console log, both streams in one, without colours: as a terminal would show them in the end.
 *
 * @param prints what finds the values of credentials; undefined: the lines are as they are.
 * @returns none where there is no log, or none that can be read.
 */
export async function readLastLines(
  consoleLog: string,
  count: number,
  prints?: Fingerprints,
): Promise<string[]> {
  const found = await readConsoleEnd(consoleLog);
  if (found === undefined) return [];
  const printed = prints === undefined ? found : redactedBytes(found, prints);
  const text = new TerminalFilter(new TerminalLine()).filter(printed).toString("utf8");
  const lines = text.replace(COLOURS, "").replace(/\n$/, "").split("\n");
  return text === "" ? [] : lines.slice(-count).map((line) => shortened(overwritten(line), SHOWN_CHARACTERS));
}

/** What a line shows after its carriage returns, such as the last step of a progress bar. */
function overwritten(line: string): string {
  return line.split("\r").findLast((part) => part !== "") ?? "";
}
