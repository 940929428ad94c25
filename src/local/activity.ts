/** What a session's command does now, as far as this host and the gateway can tell. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readProcFile } from "../process-identity.ts";
import type { JobActivity } from "../sessions/port/executor.ts";
import type { NetworkOfJob } from "../sessions/port/session-network.ts";
import type { LocalParts } from "./parts.ts";

/** Of the times in `/proc/PID/stat`, on every architecture. */
const TICKS_PER_SECOND = 100;
const CGROUPS = "/sys/fs/cgroup";

/** As `Executor.activity`. */
export async function activityOf(
  { engine, network }: Pick<LocalParts, "engine" | "network">,
  { sessionId, profile }: Pick<NetworkOfJob, "sessionId" | "profile">,
  containerId: string,
): Promise<JobActivity> {
  const first = await engine.firstProcess(containerId).catch(() => undefined);
  return {
    cpuSeconds: first && (await cpuSeconds(first.pid, containerId)),
    llm: profile.llm === undefined ? undefined : await network.llmActivity(sessionId),
  };
}

/** From the control group of the container, where it has its own, else from its processes. */
async function cpuSeconds(pid: number, containerId: string): Promise<number | undefined> {
  const group = /^0::(\/.*)$/m.exec((await readProcFile(pid, "cgroup")) ?? "")?.[1];
  if (group?.includes(containerId) === true) {
    const stat = await readFile(join(CGROUPS, group, "cpu.stat"), "latin1").catch(() => "");
    const microseconds = /^usage_usec (\d+)$/m.exec(stat)?.[1];
    if (microseconds !== undefined) return Number(microseconds) / 1_000_000;
  }
  const ticks = await ticksOfTree(pid);
  return ticks / TICKS_PER_SECOND;
}

/**
 * The times of a process and of all that come from it, with those that have ended: the first process of a container
 * inherits what its parents leave. No time is lost, except of those that Podman has added from outside.
 */
async function ticksOfTree(first: number): Promise<number> {
  let ticks = 0;
  for (let level = [first]; level.length > 0;) {
    const found = await Promise.all(level.map(async (pid) => await readProcess(pid)));
    ticks += found.reduce((sum, each) => sum + each.ticks, 0);
    level = found.flatMap(({ children }) => children);
  }
  return ticks;
}

async function readProcess(pid: number): Promise<{ readonly ticks: number; readonly children: number[] }> {
  const [stat = "", children = ""] = await Promise.all([
    readProcFile(pid, "stat"),
    readProcFile(pid, `task/${pid}/children`),
  ]);
  // The name in parentheses may hold anything. utime, stime, cutime and cstime are fields 14 to 17.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const times = fields.slice(11, 15).map(Number);
  return {
    ticks: times.reduce((sum, time) => sum + (Number.isFinite(time) ? time : 0), 0),
    children: children.split(" ").filter(Boolean).map(Number),
  };
}
