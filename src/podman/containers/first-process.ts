/**
 * A container's first process, Podman's init, and what it was started to run, as the host's `/proc` shows them.
 */
import { setTimeout as delay } from "node:timers/promises";
import { identifyProcess, isAlive, readProcFile } from "../../process-identity.ts";
import { commandLine, sendSignal } from "../../programs/process-table.ts";

/** `asked`: a process whose command line has the ending that was looked for; `other`: what took its place; `none`: no process, or not known. */
export type FoundCommand = "asked" | "other" | "none";

const POLL_MS = 10;

/** What the first process with this pid has started. */
export async function findCommand(pid: number, ending: readonly string[]): Promise<FoundCommand> {
  const children = (await readProcFile(pid, `task/${pid}/children`))?.trim().split(" ") ?? [];
  const lines = await Promise.all(children.filter(Boolean).map((child) => commandLine(Number(child))));
  const living = lines.filter((words) => words !== undefined && words.length > 0);
  if (living.length === 0) return "none";
  return living.some((words) => endsWith(words, ending)) ? "asked" : "other";
}

/** Kills the process with this pid and waits until it is gone; one whose command line ends otherwise is left. */
export async function endFirstProcess(pid: number, ending: readonly string[]): Promise<void> {
  const found = await identifyProcess(pid);
  if (found === undefined || !endsWith(await commandLine(pid), ending)) return;
  sendSignal(pid, "SIGKILL");
  while (await isAlive(found)) await delay(POLL_MS);
}

function endsWith(words: readonly string[] | undefined, ending: readonly string[]): boolean {
  const end = words?.slice(-ending.length) ?? [];
  return ending.length === end.length && ending.every((word, index) => word === end[index]);
}
