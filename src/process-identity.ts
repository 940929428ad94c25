/**
 * Which process is meant, beyond its number: numbers are used again, start times within one boot are not.
 */
import { readFileSync } from "node:fs";
import { systemCode } from "./errors.ts";

/** A process on this host that can be recognised later. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks from boot to the start of the process. */
  readonly startTime: string;
  /** The kernel's id of the boot that the process belongs to. */
  readonly bootId: string;
}

/** The identity of a living process; undefined when there is none of that number. A zombie lives no more. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
  // The second field, the name in brackets, may itself hold spaces and brackets.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const startTime = rest[18];
  if (state === "Z" || state === "X" || startTime === undefined) return undefined;
  return { pid, startTime, bootId: bootId() };
}

/** Whether the process that was seen earlier still lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = processIdentity(identity.pid);
  return now !== undefined && now.startTime === identity.startTime && now.bootId === identity.bootId;
}

/** The kernel's id of this boot. */
export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
}
