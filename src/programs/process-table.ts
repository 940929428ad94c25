/**
 * What `/proc` says about processes, and ending them by it.
 */
import { setTimeout as delay } from "node:timers/promises";
import { isAlive, type ProcessIdentity, readProcFile } from "../process-identity.ts";

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

/** Sends a signal; a process that is gone is fine. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Already gone, as wanted.
  }
}
