/** What git's own reader of patches says about one; it touches no file and no repository with these options. */
import type { FileHandle } from "node:fs/promises";
import { execa } from "execa";
import type { Environment } from "../../environment.ts";

/**
 * The bytes that `git apply --stat` prints of a patch.
 *
 * @param patch stays open.
 */
export async function statOf(patch: FileHandle, environment: Environment): Promise<Buffer> {
  return await gitApply("--stat", patch, environment);
}

/** The name of each changed file with a newline, a name with special characters quoted as git does it. */
export async function namesIn(patch: FileHandle, environment: Environment): Promise<Buffer> {
  const numbers = (await gitApply("--numstat", patch, environment)).toString("latin1");
  // Lines `ADDED TAB DELETED TAB NAME`; a quoted name has no tab.
  return Buffer.from(numbers.replace(/^[^\t\n]*\t[^\t\n]*\t/gm, ""), "latin1");
}

async function gitApply(
  how: "--stat" | "--numstat",
  patch: FileHandle,
  { PATH }: Environment,
): Promise<Buffer> {
  const { stdout } = await execa("git", ["-c", "core.quotePath=false", "apply", how], {
    cwd: "/",
    env: { PATH, LC_ALL: "C", GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
    extendEnv: false,
    encoding: "buffer",
    stripFinalNewline: false,
    input: patch.createReadStream({ autoClose: false, start: 0 }),
  });
  return Buffer.from(stdout);
}
