import { readFile } from "node:fs/promises";

/**
 * The hard limit of processes of this process (`RLIMIT_NPROC`), which the containers that it has made cannot pass;
 * `Infinity` where there is none.
 *
 * @param file the kernel's limits of a process.
 */
export async function mostProcesses(file = "/proc/self/limits"): Promise<number> {
  const [, hard] = /^Max processes\s+\S+\s+(\S+)/m.exec(await readFile(file, "latin1")) ?? [];
  return hard === undefined || hard === "unlimited" ? Infinity : Number(hard);
}
