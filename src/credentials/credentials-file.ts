/** The operator's file of credentials: one `NAME=value` a line. Its values go only to sessions. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { AgentdError, systemCode } from "../errors.ts";
import { openPlace, permissionsUnsafe } from "../own-places.ts";
import { parseEnvironmentText } from "./environment-file.ts";

/** Far more than all credentials of a host. */
const MAX_BYTES = 1024 ** 2;

/**
 * Reads the file as systemd reads an `EnvironmentFile=`, except that lines without `NAME=value` are refused.
 *
 * @param path absolute.
 * @param uid of the user who must own it.
 * @returns the variables; empty when the file does not exist.
 * @throws AgentdError `permissions_unsafe` when others may read it; `credentials_unusable`. No message holds a value.
 */
export async function readCredentialsFile(
  path: string,
  uid: number,
): Promise<Readonly<Record<string, string>>> {
  const text = await readPrivately(path, uid);
  if (text === undefined) return {};
  const { variables, faultyLines } = parseEnvironmentText(text);
  if (faultyLines.length === 0) return variables;
  const lines = faultyLines.length === 1 ? "line" : "lines";
  throw unusable(path, `${lines} ${faultyLines.join(", ")}: no NAME=value (without "export")`);
}

/** Undefined when the file does not exist. */
async function readPrivately(path: string, uid: number): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    // Without waiting, in case it is a FIFO.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if (!found.isFile()) throw unusable(path, "it is not a file");
    const fault = openPlace({ path }, found, uid);
    if (fault !== undefined) throw permissionsUnsafe(`read credentials from ${path}`, [fault]);
    if (found.size > MAX_BYTES) throw unusable(path, "it is larger than 1 MiB");
    return await file.readFile("utf8");
  } catch (error) {
    if (error instanceof AgentdError) throw error;
    if (systemCode(error) === "ENOENT") return undefined;
    throw unusable(path, systemCode(error) ?? String(error), error);
  } finally {
    await file?.close();
  }
}

function unusable(path: string, why: string, cause?: unknown): AgentdError {
  return new AgentdError("credentials_unusable", {
    tried: `read credentials from ${path}`,
    why,
    next: "Fix the file: one NAME=value per line; # starts a comment.",
    cause,
  });
}
