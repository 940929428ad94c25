import { constants } from "node:fs";
import { chmod, copyFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Staging } from "./staging.ts";

/** Makes the place for such a copy; one that is there is fine. */
export async function makeInput({ inputDirectory }: Pick<Staging, "inputDirectory">): Promise<string> {
  await mkdir(inputDirectory, { recursive: true });
  // The daemon's umask would narrow the modes, and programs may look at them.
  await chmod(inputDirectory, 0o755);
  return inputDirectory;
}

/**
 * Copies what a session was given into its staging directory, to be mounted read-only. Not the record's own files: a
 * session that holds a descriptor of a file can put a lease on it and so delay everyone who opens it, and the mount
 * would relabel them on hosts with SELinux. What the seal covers, no container ever had.
 *
 * @param source a flat directory of regular files, which agentd has written.
 */
export async function copyInput({ inputDirectory }: Staging, source: string): Promise<string> {
  await makeInput({ inputDirectory });
  for (const name of await readdir(source)) {
    const copy = join(inputDirectory, name);
    await copyFile(join(source, name), copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await chmod(copy, 0o444);
  }
  return inputDirectory;
}
