/** The end of a console log: what a command printed last. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { ifThere } from "../if-there.ts";
import { ConsoleLogDecoder, type ConsoleStream } from "./console-log.ts";

/** What is read of the log: a line may be as long as the whole of it. */
const READ_BYTES = 64 * 1024;

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const NEWLINE = 0x0a;

/**
 * What a command printed last, as far as the last 64 KiB of its console log have it.
 *
 * @param stream undefined: both, in order.
 * @returns undefined where there is no log, or none that can be read.
 */
export async function readConsoleEnd(
  consoleLog: string,
  stream?: ConsoleStream,
): Promise<Buffer | undefined> {
  const end = await readEnd(consoleLog).catch(() => undefined);
  if (end === undefined) return undefined;
  const decoder = new ConsoleLogDecoder({ stream });
  return Buffer.concat([...decoder.decode(end), ...decoder.end()].map(({ bytes }) => bytes));
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
