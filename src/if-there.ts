/** Looks at files that may not be there. */
import { lstat, readFile } from "node:fs/promises";
import { systemCode } from "./errors.ts";

/** What the work on a file comes to; undefined when the file does not exist. */
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

/** The text of a file; undefined when there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  return await ifThere(readFile(path, "utf8"));
}
