/** The end of what a session printed, for a report. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { ifThere } from "../../if-there.ts";
import { ConsoleLogDecoder } from "../../podman/console-log.ts";
import { shortened } from "../terminal/table.ts";
import { TerminalFilter } from "../terminal/terminal-filter.ts";
import { TerminalLine } from "../terminal/terminal-line.ts";

/** What is read of the log: a line may be as long as the whole of it. */
const READ_BYTES = 64 * 1024;

/** What is shown of a line, in characters. */
const SHOWN_CHARACTERS = 500;

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const NEWLINE = 0x0a;
const COLOURS = /\x1b\[[\d:;]*m/g;

/**
 * The last lines of a console log, both streams in one, without colours: as a terminal would show them in the end.
 *
 * @returns none where there is no log, or none that can be read.
 */
export async function readLastLines(consoleLog: string, count: number): Promise<string[]> {
  const end = await readEnd(consoleLog).catch(() => undefined);
  if (end === undefined) return [];
  const decoder = new ConsoleLogDecoder();
  const printed = [...decoder.decode(end), ...decoder.end()].map(({ bytes }) => bytes);
  const text = new TerminalFilter(new TerminalLine()).filter(Buffer.concat(printed)).toString("utf8");
  const lines = text.replace(COLOURS, "").replace(/\n$/, "").split("\n");
  return text === "" ? [] : lines.slice(-count).map((line) => shortened(overwritten(line), SHOWN_CHARACTERS));
}

/** The last bytes of a file, from the beginning of a line on; undefined where it is none. */
async function readEnd(path: string): Promise<Buffer | undefined> {
  const file = await ifThere(open(path, READ));
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return undefined;
    const start = Math.max(0, stats.size - READ_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, start);
    const end = buffer.subarray(0, bytesRead);
    return start === 0 ? end : end.subarray(end.indexOf(NEWLINE) + 1);
  } finally {
    await file.close();
  }
}

/** What a line shows after its carriage returns, such as the last step of a progress bar. */
function overwritten(line: string): string {
  return line.split("\r").findLast((part) => part !== "") ?? "";
}
