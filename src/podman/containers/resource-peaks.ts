/**
 * What a container has used at most, read from its control group while it lives: the kernel forgets a group with its
 * last process, and the engine keeps nothing of it.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Backoff } from "../../backoff.ts";

/** Undefined where this host has no value: cgroup v1, a controller that is not delegated, an old kernel. */
export interface ResourcePeaks {
  readonly memoryBytes?: number | undefined;
  /** Processes and threads at once. */
  readonly pids?: number | undefined;
  /** Processor time in all, including the kernel's for it. */
  readonly cpuSeconds?: number | undefined;
}

/** Peaks are the kernel's own, so a look only misses what happens after it: short sessions are looked at often. */
const LOOKS = { firstMs: 50, longestMs: 2_000, growth: 1.5 };

/**
 * Reads a container's peaks again and again, and once more when it has ended, if its group is still there.
 *
 * @param directory of its control group.
 * @param ended aborted when the container has ended.
 * @returns the last that was seen.
 */
export async function followPeaks(directory: string, ended: AbortSignal): Promise<ResourcePeaks> {
  const looks = new Backoff(LOOKS);
  let peaks: ResourcePeaks = {};
  for (;;) {
    const over = ended.aborted;
    peaks = { ...peaks, ...(await readPeaks(directory)) };
    if (over) return peaks;
    await delay(looks.next(), undefined, { signal: ended }).catch(() => undefined); // Ended: one more look.
  }
}

/** What can be read; without the names of what cannot. */
async function readPeaks(directory: string): Promise<ResourcePeaks> {
  const [memory, pids, cpu] = await Promise.all(
    ["memory.peak", "pids.peak", "cpu.stat"].map((name) =>
      // Gone with the container, or not on this kernel.
      readFile(join(directory, name), "latin1").catch(() => ""),
    ),
  );
  return {
    ...wholeNumber("memoryBytes", /^\d+$/m.exec(memory ?? "")?.[0]),
    ...wholeNumber("pids", /^\d+$/m.exec(pids ?? "")?.[0]),
    ...cpuSeconds(/^usage_usec (\d+)$/m.exec(cpu ?? "")?.[1]),
  };
}

function wholeNumber(name: "memoryBytes" | "pids", text: string | undefined): ResourcePeaks {
  return text === undefined ? {} : { [name]: Number(text) };
}

function cpuSeconds(microseconds: string | undefined): ResourcePeaks {
  return microseconds === undefined ? {} : { cpuSeconds: Number(microseconds) / 1_000_000 };
}
