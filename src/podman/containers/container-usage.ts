/**
 * What a running container uses now: from its control group where the host has one for it, else from its processes, which
 * `/proc` shows of this user's containers.
 */
import { readdir, readFile, readlink } from "node:fs/promises";
import { uptime } from "node:os";
import { join } from "node:path";
import { readProcFile } from "../../process-identity.ts";
import { commandLine } from "../../programs/process-table.ts";
import { groupSeconds, processorTime, statFields, TICKS_PER_SECOND } from "./processor-time.ts";

/** A process of a container. */
export interface UsedProcess {
  /** Its number in the container. */
  readonly pid: number;
  readonly hostPid: number;
  /** The kernel's letter, such as `R`, `S`, `T` or `Z`. */
  readonly state: string;
  readonly threads: number;
  readonly cpuSeconds: number;
  /** Resident memory, shared pages included. */
  readonly memoryBytes: number;
  /** How long it lives, in seconds. */
  readonly ageSeconds: number;
  /** Its arguments; its name in brackets where it has none. Cut after 1000 characters. */
  readonly command: string;
}

export interface ContainerUsage {
  /** Of all processes, those that have ended included. */
  readonly cpuSeconds: number;
  /** Without a control group, a page that two processes share counts twice. */
  readonly memoryBytes: number;
  /** Processes and threads. */
  readonly pids: number;
  /** By their numbers. */
  readonly processes: readonly UsedProcess[];
}

const COMMAND_LENGTH = 1000;

/** Which processes of the host are in which PID namespace. Callers at the same time share one walk through `/proc`. */
export class PidNamespaces {
  #walk: Promise<ReadonlyMap<string, readonly number[]>> | undefined;

  /** The processes of the namespace that this process is in, its own included; none when it is gone. */
  async neighboursOf(pid: number): Promise<readonly number[]> {
    const namespace = await namespaceOf(pid);
    if (namespace === undefined) return [];
    this.#walk ??= walk().finally(() => (this.#walk = undefined));
    return (await this.#walk).get(namespace) ?? [];
  }
}

async function walk(): Promise<ReadonlyMap<string, readonly number[]>> {
  const found = new Map<string, number[]>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const pid = Number(name);
    const namespace = await namespaceOf(pid);
    if (namespace === undefined) continue;
    const pids = found.get(namespace);
    if (pids === undefined) found.set(namespace, [pid]);
    else pids.push(pid);
  }
  return found;
}

/** Undefined where it is gone, or another user's. */
async function namespaceOf(pid: number): Promise<string | undefined> {
  return await readlink(`/proc/${pid}/ns/pid`).catch(() => undefined);
}

/**
 * What a container uses.
 *
 * @param firstPid its first process, as the host numbers it.
 * @param group the directory of its control group; undefined: it has none.
 * @returns undefined when it has ended.
 */
export async function containerUsage(
  namespaces: PidNamespaces,
  firstPid: number,
  group: string | undefined,
): Promise<ContainerUsage | undefined> {
  const pids = await namespaces.neighboursOf(firstPid);
  const read = await Promise.all(pids.map(readProcess));
  const all = read.filter((each) => each !== undefined).sort((one, other) => one.pid - other.pid);
  if (all.length === 0) return undefined;
  const counted = group === undefined ? {} : await readGroup(group);
  return {
    cpuSeconds: counted.cpuSeconds ?? sum(all.map(({ ownAndReaped }) => ownAndReaped)),
    memoryBytes: counted.memoryBytes ?? sum(all.map(({ memoryBytes }) => memoryBytes)),
    pids: counted.pids ?? sum(all.map(({ threads }) => threads)),
    processes: all.map(({ ownAndReaped: _, ...process }) => process),
  };
}

/** Undefined when it is gone. */
async function readProcess(hostPid: number): Promise<(UsedProcess & { ownAndReaped: number }) | undefined> {
  const [status, stat, words] = await Promise.all([
    readProcFile(hostPid, "status"),
    readProcFile(hostPid, "stat"),
    commandLine(hostPid),
  ]);
  if (status === undefined || stat === undefined) return undefined;
  const fields = statFields(stat);
  const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
  const { own, reaped } = processorTime(fields);
  const name = `[${stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"))}]`;
  return {
    pid: Number(field("NSpid").split(/\s+/).at(-1) ?? 0),
    hostPid,
    state: fields[0] ?? "?",
    threads: Number(field("Threads")),
    cpuSeconds: own,
    ownAndReaped: own + reaped,
    memoryBytes: Number.parseInt(field("VmRSS") || "0", 10) * 1024,
    ageSeconds: Math.max(0, uptime() - Number(fields[19] ?? 0) / TICKS_PER_SECOND),
    command: (words === undefined || words.length === 0 ? name : words.join(" ")).slice(0, COMMAND_LENGTH),
  };
}

/** What the kernel counts; without the names of what it does not. */
async function readGroup(
  directory: string,
): Promise<Partial<Pick<ContainerUsage, "cpuSeconds" | "memoryBytes" | "pids">>> {
  const read = (name: string): Promise<string> => readFile(join(directory, name), "latin1").catch(() => "");
  const [memory, pids, cpuSeconds] = await Promise.all([
    read("memory.current"),
    read("pids.current"),
    groupSeconds(directory),
  ]);
  return {
    ...(memory === "" ? {} : { memoryBytes: Number(memory) }),
    ...(pids === "" ? {} : { pids: Number(pids) }),
    ...(cpuSeconds === undefined ? {} : { cpuSeconds }),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
