/**
 * A container's first process, Podman's init, and what it was started to run, as the host's `/proc` shows them.
 */
import { readdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { identifyProcess, isAlive, type ProcessIdentity, readProcFile } from "../../process-identity.ts";
import { commandLine, sendSignal } from "../../programs/process-table.ts";

/** How a command line may end: one of these. */
export type Endings = readonly (readonly string[])[];

/** `asked`: a process whose command line has an ending that was looked for; `other`: what took its place; `none`: no process, or not known. */
export type FoundCommand = "asked" | "other" | "none";

const POLL_MS = 10;

/** What the first process with this pid has started. */
export async function findCommand(pid: number, endings: Endings): Promise<FoundCommand> {
  const lines = await Promise.all((await childrenOf(pid)).map(commandLine));
  const living = lines.filter((words) => words !== undefined && words.length > 0);
  if (living.length === 0) return "none";
  return living.some((words) => endsWith(words, endings)) ? "asked" : "other";
}

/** Kills the process with this pid and waits until it is gone; one whose command line ends otherwise is left. */
export async function endFirstProcess(pid: number, endings: Endings): Promise<void> {
  const found = await identifyProcess(pid);
  if (found === undefined || !endsWith(await commandLine(pid), endings)) return;
  sendSignal(pid, "SIGKILL");
  while (await isAlive(found)) await delay(POLL_MS);
}

/** A container's first process, which has started a launcher and nothing else. */
export interface Launcher {
  readonly first: ProcessIdentity;
  /** The number of its parent, conmon. A process without a parent gets another one. */
  readonly parent: number;
}

/** What the first process with this pid is; undefined when it is gone. */
export async function findLauncher(pid: number): Promise<Launcher | undefined> {
  const first = await identifyProcess(pid);
  const parent = await parentOf(pid);
  return first === undefined || parent === undefined ? undefined : { first, parent };
}

/**
 * Whether the launcher still waits: the first process has one child, with that command line and no children, nobody has stopped
 * either, and conmon lives.
 */
export async function stillWaits({ first, parent }: Launcher, argv: readonly string[]): Promise<boolean> {
  if (!(await isAlive(first)) || (await parentOf(first.pid)) !== parent) return false;
  const [child, ...others] = await childrenOf(first.pid);
  if (child === undefined || others.length > 0) return false;
  if (!isSame(await commandLine(child), argv)) return false;
  if ((await isStopped(first.pid)) || (await isStopped(child))) return false;
  return (await childrenOf(child)).length === 0;
}

/** By a signal, or by a tracer. */
async function isStopped(pid: number): Promise<boolean> {
  return /^State:\t[Tt]/m.test((await readProcFile(pid, "status")) ?? "");
}

async function parentOf(pid: number): Promise<number | undefined> {
  const parent = /^PPid:\t(\d+)$/m.exec((await readProcFile(pid, "status")) ?? "")?.[1];
  return parent === undefined ? undefined : Number(parent);
}

/** Of all of its threads; none when it is gone. */
async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(threads.map((thread) => readProcFile(pid, `task/${thread}/children`)));
  return lists.flatMap((list) => list?.trim().split(" ").filter(Boolean).map(Number) ?? []);
}

function isSame(words: readonly string[] | undefined, argv: readonly string[]): boolean {
  return words?.length === argv.length && endsWith(words, [argv]);
}

function endsWith(words: readonly string[] | undefined, endings: Endings): boolean {
  return endings.some((ending) => {
    const end = words?.slice(-ending.length) ?? [];
    return ending.length === end.length && ending.every((word, index) => word === end[index]);
  });
}
