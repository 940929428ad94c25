/**
 * The note of a running program in the runtime directory, by which the next daemon finds and ends the program of a dead
 * one.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import * as z from "zod";
import { systemCode } from "../errors.ts";
import { isAlive, type ProcessIdentity } from "../process-identity.ts";
import { commandLine, endProcessGroup } from "./process-table.ts";

const programRecord = z.object({ pid: z.int().positive(), startTime: z.string() });

/** Notes which process the program is. */
export async function recordProgram(recordPath: string, program: ProcessIdentity): Promise<void> {
  await writeFile(recordPath, `${JSON.stringify(program)}\n`, { mode: 0o600 });
}

/** Removes the note; missing is fine. */
export async function forgetProgram(recordPath: string): Promise<void> {
  await rm(recordPath, { force: true });
}

/**
 * Ends the recorded program when it still runs: same pid, same start time, and really that program.
 *
 * @param isIt whether a process with these arguments is the program.
 * @returns the process that was ended; undefined when there was none.
 */
export async function endLeftoverProgram(
  recordPath: string,
  isIt: (argv: readonly string[]) => boolean,
  graceMs: number,
): Promise<ProcessIdentity | undefined> {
  const recorded = await readRecord(recordPath);
  if (recorded === undefined) return undefined;
  const ours = (await isAlive(recorded)) && isIt((await commandLine(recorded.pid)) ?? []);
  if (ours) await endProcessGroup(recorded, graceMs);
  await forgetProgram(recordPath);
  return ours ? recorded : undefined;
}

async function readRecord(recordPath: string): Promise<ProcessIdentity | undefined> {
  try {
    return programRecord.parse(JSON.parse(await readFile(recordPath, "utf8")));
  } catch (error) {
    // A record that a crash cut short names no program; any other system error is a fault of the runtime directory.
    if (systemCode(error) === undefined || systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
