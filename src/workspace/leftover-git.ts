/** Ends git processes that a dead daemon has left running. */
import { readdir, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ifThere } from "../if-there.ts";
import { identifyProcess, isAlive, type ProcessIdentity, readProcFile } from "../process-identity.ts";

const POLL_MS = 10;

/**
 * Kills every git that works in one of these staging directories, with its helpers, and returns when they are gone. It
 * is known by its arguments, and by its user namespace: a process in a container can give itself any arguments.
 */
export async function endLeftoverGit(stagingDirectories: readonly string[]): Promise<void> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => identifyIfOurs(pid, stagingDirectories)));
  await Promise.all(found.flatMap((leader) => (leader === undefined ? [] : [endGroup(leader)])));
}

/** Git runs under coreutils' `timeout`, which leads a process group of its own. */
async function identifyIfOurs(
  pid: number,
  stagingDirectories: readonly string[],
): Promise<ProcessIdentity | undefined> {
  const words = (await readProcFile(pid, "cmdline"))?.split("\0") ?? [];
  if (basename(words[0] ?? "") !== "timeout" || !words.includes("git")) return undefined;
  const isOurs = words.some((word) =>
    stagingDirectories.some((directory) => word.startsWith(`${directory}/`)),
  );
  return isOurs && (await isOnTheHost(pid)) ? await identifyProcess(pid) : undefined;
}

/** Whether a process shares this one's user namespace; those of rootless containers do not. */
async function isOnTheHost(pid: number): Promise<boolean> {
  const namespaces = await ifThere(
    Promise.all([String(pid), "self"].map((each) => readlink(`/proc/${each}/ns/user`))),
  );
  return namespaces !== undefined && namespaces[0] === namespaces[1];
}

async function endGroup(leader: ProcessIdentity): Promise<void> {
  try {
    process.kill(-leader.pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
  while (await isAlive(leader)) await delay(POLL_MS);
}
