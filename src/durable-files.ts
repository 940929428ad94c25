/**
 * Writing files and directories so that they are still there after a power cut.
 */
import { chmod, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { systemCode } from "./errors.ts";

/** Makes the names in a directory durable: files created, renamed and removed in it. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a directory and its missing parents durably, each with that mode; one that exists stays as it is. */
export async function ensureDirectory(directory: string, mode: number): Promise<void> {
  try {
    await mkdir(directory);
  } catch (error) {
    if (systemCode(error) === "EEXIST") return;
    if (systemCode(error) !== "ENOENT") throw error;
    await ensureDirectory(dirname(directory), mode);
    return ensureDirectory(directory, mode);
  }
  // Not through mkdir's mode, which the umask would narrow.
  await chmod(directory, mode);
  await syncDirectory(dirname(directory));
}

/** Makes the content of a file durable. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** Writes a new file durably; its name is durable only after `syncDirectory`. An `EEXIST` error when it exists. */
export async function writeNewFile(path: string, content: string | Buffer, mode = 0o600): Promise<void> {
  const handle = await open(path, "wx", mode);
  try {
    await handle.writeFile(content);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The name that the next content of a file has until it takes the file's place. */
export function stagedPath(path: string): string {
  return `${path}.next`;
}

/** Writes the next content of a file beside it, durably; a leftover of an earlier attempt is replaced. */
export async function stageFile(path: string, content: string | Buffer, mode = 0o600): Promise<void> {
  await rm(stagedPath(path), { force: true });
  await writeNewFile(stagedPath(path), content, mode);
}

/** Puts the staged content in its place, durably: a reader sees the old bytes or the new ones. */
export async function commitFile(path: string): Promise<void> {
  await rename(stagedPath(path), path);
  await syncDirectory(dirname(path));
}
