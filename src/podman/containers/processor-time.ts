/** How much processor time processes have had, from control groups and from `/proc`. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readProcFile } from "../../process-identity.ts";

/** Of the times in `/proc/PID/stat`, on every architecture. */
export const TICKS_PER_SECOND = 100;

/** What a process has had, in seconds. */
export interface ProcessorTime {
  readonly own: number;
  /** Of its children that have ended, and that it has waited for. */
  readonly reaped: number;
}

/** The fields of `/proc/PID/stat` behind the name, which may hold anything. */
export function statFields(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** @param fields as `statFields` gives them; what is missing counts as none. */
export function processorTime(fields: readonly string[]): ProcessorTime {
  // utime, stime, cutime and cstime are fields 14 to 17 of the whole.
  const [user, system, childrenUser, childrenSystem] = [11, 12, 13, 14].map(
    (index) => Number(fields[index] ?? 0) / TICKS_PER_SECOND,
  ) as [number, number, number, number];
  return { own: user + system, reaped: childrenUser + childrenSystem };
}

/** What the processes of a control group have had, in seconds; undefined where the kernel does not count it there. */
export async function groupSeconds(directory: string): Promise<number | undefined> {
  const stat = await readFile(join(directory, "cpu.stat"), "latin1").catch(() => "");
  const microseconds = /^usage_usec (\d+)$/m.exec(stat)?.[1];
  return microseconds === undefined ? undefined : Number(microseconds) / 1_000_000;
}

/**
 * What a process and all that come from it have had, in seconds, with those that have ended: the first process of a
 * container inherits what its parents leave. No time is lost, except of those that Podman has added from outside.
 */
export async function treeSeconds(first: number): Promise<number> {
  let seconds = 0;
  for (let level = [first]; level.length > 0;) {
    const found = await Promise.all(level.map(async (pid) => await readProcess(pid)));
    seconds += found.reduce((sum, { time }) => sum + time.own + time.reaped, 0);
    level = found.flatMap(({ children }) => children);
  }
  return seconds;
}

async function readProcess(
  pid: number,
): Promise<{ readonly time: ProcessorTime; readonly children: number[] }> {
  const [stat = "", children = ""] = await Promise.all([
    readProcFile(pid, "stat"),
    readProcFile(pid, `task/${pid}/children`),
  ]);
  return {
    time: processorTime(statFields(stat)),
    children: children.split(" ").filter(Boolean).map(Number),
  };
}
