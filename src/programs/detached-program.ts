/** A program beside the daemon that is nobody's child: it outlives the daemon that started it. */
import { closeSync, openSync } from "node:fs";
import { execa } from "execa";
import { identifyProcess, type ProcessIdentity } from "../process-identity.ts";

export interface DetachedProgram {
  /** What this Node.js is given: its own options, the script, and the script's arguments. No secret. */
  readonly words: readonly string[];
  /** The whole environment. No secret. */
  readonly environment: Readonly<Record<string, string>>;
  /** What it says on standard error goes there; cut first, and private to the user. */
  readonly logPath: string;
}

/**
 * Starts a program that will have secrets in its memory.
 *
 * @returns undefined when it has ended at once.
 * @throws Error when the log cannot be opened.
 */
export async function startDetached({
  words,
  environment,
  logPath,
}: DetachedProgram): Promise<ProcessIdentity | undefined> {
  const log = openSync(logPath, "w", 0o600);
  try {
    // No core file of it may reach a disk.
    const child = execa("prlimit", ["--core=0:0", "--", process.execPath, ...words], {
      env: environment,
      extendEnv: false,
      stdin: "ignore",
      stdout: "ignore",
      // The file itself: a pipe would break when this daemon ends.
      stderr: log as 3, // Any descriptor will do; the types know only the first.
      detached: true,
      cleanup: false,
      reject: false,
    });
    child.unref();
    return child.pid === undefined ? undefined : await identifyProcess(child.pid);
  } finally {
    closeSync(log);
  }
}
