/** Whether a host has little memory left. */
import { readFile } from "node:fs/promises";

/** What has to be available of all memory. */
const LEAST_SHARE = 0.1;

/** By the kernel's own estimate. @param meminfo its file. @returns false where it gives none. */
export async function isMemoryShort(meminfo = "/proc/meminfo"): Promise<boolean> {
  return isShort(await readFile(meminfo, "utf8").catch(() => ""));
}

/** @param meminfo the text of `/proc/meminfo`. */
export function isShort(meminfo: string): boolean {
  const [available, total] = ["MemAvailable", "MemTotal"].map((name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(meminfo)?.[1]),
  );
  return available !== undefined && total !== undefined && available < total * LEAST_SHARE;
}
