import { readFile } from "node:fs/promises";

/** Longer than the daemon keeps what it may need again soon, in milliseconds. */
export const QUIET_MS = 40_000;

/**
 * What a process holds and has used, as the kernel says.
 *
 * @param {number} pid
 * @returns {Promise<{ residentMb: number, cpuMs: number }>}
 */
export async function usageOf(pid) {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const residentKb = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  // After the name in brackets; times are in hundredths of a second.
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /s, "").split(" ");
  return { residentMb: residentKb / 1000, cpuMs: (Number(fields[11]) + Number(fields[12])) * 10 };
}

/**
 * How much of a core a process takes while something happens, in hundredths.
 *
 * @param {number} pid
 * @param {() => Promise<unknown>} happen
 */
export async function coreShare(pid, happen) {
  const before = await usageOf(pid);
  const startedMs = performance.now();
  await happen();
  const tookMs = performance.now() - startedMs;
  return ((await usageOf(pid)).cpuMs - before.cpuMs) / (tookMs / 100);
}
