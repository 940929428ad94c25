import { readdir, readFile, readlink } from "node:fs/promises";

/** What a process holds and has used, as the kernel says. */
export interface ProcessUsage {
  readonly residentMb: number;
  /** The most that it ever held. */
  readonly peakMb: number;
  readonly cpuSeconds: number;
  /** Everything that is open, but for sockets. */
  readonly openFiles: number;
  readonly openSockets: number;
}

export async function usageOf(pid: number): Promise<ProcessUsage> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const megabytes = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1000;
  // After the name in brackets; times are in hundredths of a second.
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/^.*\) /s, "").split(" ");
  const open = await openOf(pid);
  const sockets = open.filter((target) => target.startsWith("socket:")).length;
  return {
    residentMb: megabytes("VmRSS"),
    peakMb: megabytes("VmHWM"),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    openFiles: open.length - sockets,
    openSockets: sockets,
  };
}

async function openOf(pid: number): Promise<string[]> {
  const directory = `/proc/${pid}/fd`;
  const targets = (await readdir(directory)).map((fd) => readlink(`${directory}/${fd}`));
  // What was closed meanwhile is not open.
  return (await Promise.allSettled(targets)).flatMap((each) =>
    each.status === "fulfilled" ? each.value : [],
  );
}
