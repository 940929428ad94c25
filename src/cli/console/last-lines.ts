/** The end of what a session printed, for a report. */
import { readConsoleEnd } from "../../podman/console-end.ts";
import { TerminalFilter } from "../terminal/terminal-filter.ts";
import { TerminalLine } from "../terminal/terminal-line.ts";
import { shortened } from "../terminal/text-width.ts";

/** What is shown of a line, in characters. */
const SHOWN_CHARACTERS = 500;

const COLOURS = /\x1b\[[\d:;]*m/g;

/**
 * The last lines of a console log, both streams in one, without colours: as a terminal would show them in the end.
 *
 * @returns none where there is no log, or none that can be read.
 */
export async function readLastLines(consoleLog: string, count: number): Promise<string[]> {
  const printed = await readConsoleEnd(consoleLog);
  if (printed === undefined) return [];
  const text = new TerminalFilter(new TerminalLine()).filter(printed).toString("utf8");
  const lines = text.replace(COLOURS, "").replace(/\n$/, "").split("\n");
  return text === "" ? [] : lines.slice(-count).map((line) => shortened(overwritten(line), SHOWN_CHARACTERS));
}

/** What a line shows after its carriage returns, such as the last step of a progress bar. */
function overwritten(line: string): string {
  return line.split("\r").findLast((part) => part !== "") ?? "";
}
