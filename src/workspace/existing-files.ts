/** Looks at files that may not be there. */
import { lstat, readFile } from "node:fs/promises";
import { systemCode } from "../errors.ts";

/** Whether the path has an entry of any kind; links are not followed. */
export async function isThere(path: string | Buffer): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    (error: unknown) => {
      if (systemCode(error) === "ENOENT") return false;
      throw error;
    },
  );
}

/** The text of a file; undefined when there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  });
}
