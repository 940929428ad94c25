/**
 * The record of the running service in the runtime directory, by which the next daemon finds and ends the service of a
 * dead one: a second service takes a live socket path over silently, and the first would serve nobody for ever.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import * as z from "zod";
import { systemCode } from "../errors.ts";
import { isAlive, type ProcessIdentity } from "../process-identity.ts";
import { commandLine, endProcessGroup } from "./process-table.ts";

const serviceRecord = z.object({ pid: z.int().positive(), startTime: z.string() });

/** Notes which process is the service. */
export async function recordService(recordPath: string, service: ProcessIdentity): Promise<void> {
  await writeFile(recordPath, `${JSON.stringify(service)}\n`, { mode: 0o600 });
}

/** Removes the note; missing is fine. */
export async function forgetService(recordPath: string): Promise<void> {
  await rm(recordPath, { force: true });
}

/**
 * Ends the recorded service when it still runs: same pid, same start time, and really a Podman service on this socket.
 *
 * @returns the process that was ended; undefined when there was none.
 */
export async function endLeftoverService(
  recordPath: string,
  socketPath: string,
  graceMs: number,
): Promise<ProcessIdentity | undefined> {
  const recorded = await readRecord(recordPath);
  if (recorded === undefined) return undefined;
  const ours = (await isAlive(recorded)) && (await servesSocket(recorded.pid, socketPath));
  if (ours) await endProcessGroup(recorded, graceMs);
  await forgetService(recordPath);
  return ours ? recorded : undefined;
}

async function servesSocket(pid: number, socketPath: string): Promise<boolean> {
  const words = (await commandLine(pid)) ?? [];
  return basename(words[0] ?? "") === "podman" && words.includes(`unix://${socketPath}`);
}

async function readRecord(recordPath: string): Promise<ProcessIdentity | undefined> {
  try {
    return serviceRecord.parse(JSON.parse(await readFile(recordPath, "utf8")));
  } catch (error) {
    // A record cut short by a crash says nothing; any other system error is a fault of the runtime directory.
    if (systemCode(error) === undefined || systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
