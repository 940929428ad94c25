/** Looks at files that may not exist. */
import { access, constants, lstat, readFile } from "node:fs/promises";
import { systemCode } from "./errors.ts";

/** The result of work on a file; undefined when the file does not exist. */
export async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether the path has an entry of any kind; links are not followed. */
export async function isThere(path: string | Buffer): Promise<boolean> {
  return (await ifThere(lstat(path))) !== undefined;
}

/** The text of a file; undefined when it does not exist. */
export async function readIfThere(path: string): Promise<string | undefined> {
  return await ifThere(readFile(path, "utf8"));
}

/**
 * Whether this process reaches what a path leads to; trouble of any kind counts as no.
 *
 * @param mode as for `access`. Default: whether it exists.
 */
export async function isReachable(path: string, mode = constants.F_OK): Promise<boolean> {
  return await access(path, mode).then(
    () => true,
    () => false,
  );
}
