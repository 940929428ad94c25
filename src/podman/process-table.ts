/**
 * What `/proc` says about processes: a pid alone is reused, a pid with its start time names one process for good.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** One process, told apart from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot, as in `/proc/<pid>/stat`. */
  readonly startTime: string;
}

/** The process with this pid; undefined when there is none, or only a zombie is left of it. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readProcFile(pid, "stat");
  // The name in parentheses may hold anything, so fields are counted from the last parenthesis.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTime] = [fields?.[0], fields?.[19]];
  if (startTime === undefined || state === "Z" || state === "X") return undefined;
  return { pid, startTime };
}

/** Whether exactly this process still lives. */
export async function isAlive(process: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(process.pid))?.startTime === process.startTime;
}

/** The arguments of a process; undefined when it is gone. */
export async function commandLine(pid: number): Promise<string[] | undefined> {
  const text = await readProcFile(pid, "cmdline");
  return text?.split("\0").slice(0, -1);
}

/**
 * Ends the process group that this process leads: SIGTERM to the leader, and SIGKILL to the whole group when the
 * leader has not gone after `graceMs` or has left members behind. Returns when the leader is gone.
 */
export async function endProcessGroup(leader: ProcessIdentity, graceMs: number): Promise<void> {
  const pollMs = 10;
  if (await isAlive(leader)) sendSignal(leader.pid, "SIGTERM");
  for (let waitedMs = 0; waitedMs < graceMs && (await isAlive(leader)); waitedMs += pollMs)
    await delay(pollMs);
  sendSignal(-leader.pid, "SIGKILL");
  while (await isAlive(leader)) await delay(pollMs);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Already gone, which is what was wanted.
  }
}

async function readProcFile(pid: number, name: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return undefined; // No such process, or it ended while being read.
  }
}
