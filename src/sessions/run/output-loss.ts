/**
 * Finding output that is not in the record. conmon drops what it cannot write, for instance on a full disk, and
 * continues without a report.
 */
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { ifThere } from "../../if-there.ts";
import type { Clock } from "../port/ports.ts";
import { sleepUntil } from "../port/sleep.ts";
import { freeBytes } from "../queue/free-space.ts";

/** More than all writers of a host fill in a millisecond. */
const FASTEST_BYTES_PER_MS = 1_000_000;
const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** conmon writes up to 8 KiB at a time, and other writers have their share of what is left. */
const FULL_BELOW_BYTES = 64 * 1024;

const NEWLINE = 0x0a;

export const FULL_DISK_WARNING =
  "The disk of the record was full while the session ran: output may be missing in its console log.";
export const CUT_LOG_WARNING =
  "The console log ends in the middle of a line: the end of the output is missing.";

/** Whether the disk of a console log is so full that a write to it may fail. A disk that cannot be asked is not. */
export async function isDiskFull(consoleLogPath: string): Promise<boolean> {
  return (await freeFor(consoleLogPath)) < FULL_BELOW_BYTES;
}

/** Watches the disk of a console log. @returns true once it is full; false when the signal ended the watch. */
export async function becomesFull(
  consoleLogPath: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<boolean> {
  for (;;) {
    const free = await freeFor(consoleLogPath);
    if (free < FULL_BELOW_BYTES) return true;
    const pauseMs = Math.min(Math.max(free / FASTEST_BYTES_PER_MS, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
    if (!(await sleepUntil(clock.monotonic() + pauseMs, { clock, signal }))) return false;
  }
}

async function freeFor(consoleLogPath: string): Promise<number> {
  return await freeBytes(dirname(consoleLogPath)).catch(() => Infinity);
}

/** Whether the last write to a console log was cut short: conmon ends each line with a newline. */
export async function endsInMiddleOfLine(consoleLogPath: string): Promise<boolean> {
  const file = await ifThere(open(consoleLogPath));
  if (file === undefined) return false;
  try {
    const { size } = await file.stat();
    if (size === 0) return false;
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 });
    return bytesRead === 1 && buffer[0] !== NEWLINE;
  } finally {
    await file.close();
  }
}
