/**
 * Identifies a process beyond its number: numbers are reused, start times within one boot are not.
 */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

/** One process, distinct from a later one with the same number in the same boot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot: field 22 of `/proc/PID/stat`. */
  readonly startTime: string;
}

/** The process of this number; undefined when there is none, or only a zombie is left of it. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const startTime = startTimeIn(await readProcFile(pid, "stat"));
  return startTime === undefined ? undefined : { pid, startTime };
}

/** Start time of a thread, by its number; undefined when there is none. Blocks, but reads no disk. */
export function threadStartTime(thread: string): string | undefined {
  try {
    return startTimeIn(readFileSync(`/proc/${thread}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

function startTimeIn(stat: string | undefined): string | undefined {
  // The name in parentheses may hold anything, so fields are counted from the last parenthesis.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTime] = [fields?.[0], fields?.[19]];
  return state === "Z" || state === "X" ? undefined : startTime;
}

/** Whether exactly this process still lives; it must be of this boot. */
export async function isAlive(process: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(process.pid))?.startTime === process.startTime;
}

/** The kernel's id of this boot. */
export async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "latin1")).trim();
}

/** A file of `/proc/PID`; undefined when there is no such process, or it ended while being read. */
export async function readProcFile(pid: number, name: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return undefined;
  }
}
