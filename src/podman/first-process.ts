/**
 * A container's first process, Podman's init, and what it was started to run, as the host's `/proc` shows them.
 */
import { setTimeout as delay } from "node:timers/promises";
import { identifyProcess, isAlive, readProcFile } from "../process-identity.ts";
import { commandLine, sendSignal } from "../programs/process-table.ts";

/** `asked`: the command that was looked for; `other`: what took its place; `none`: no process, or not known. */
export type FoundCommand = "asked" | "other" | "none";

const POLL_MS = 10;

/** What the first process with this pid has started. */
export async function findCommand(pid: number, argv: readonly string[]): Promise<FoundCommand> {
  const children = (await readProcFile(pid, `task/${pid}/children`))?.trim().split(" ") ?? [];
  const lines = await Promise.all(children.filter(Boolean).map((child) => commandLine(Number(child))));
  const living = lines.filter((words) => words !== undefined && words.length > 0);
  if (living.length === 0) return "none";
  return living.some((words) => endsWith(words, argv)) ? "asked" : "other";
}

/** Kills the process with this pid and waits until it is gone; one that was started to run something else is left. */
export async function endFirstProcess(pid: number, argv: readonly string[]): Promise<void> {
  const found = await identifyProcess(pid);
  if (found === undefined || !endsWith(await commandLine(pid), argv)) return;
  sendSignal(pid, "SIGKILL");
  while (await isAlive(found)) await delay(POLL_MS);
}

/** The program itself may be named otherwise: an image's /bin/sh may be a script. */
function endsWith(words: readonly string[] | undefined, argv: readonly string[]): boolean {
  const tail = argv.slice(1);
  const end = words?.slice(-tail.length) ?? [];
  return tail.length === end.length && tail.every((word, index) => word === end[index]);
}
