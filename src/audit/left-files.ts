/** What an agent has left in its part of a record. */
import { lstat, readdir } from "node:fs/promises";
import { AgentdError, systemCode } from "../errors.ts";
import { bytePath, fsPath, joinBytes, latin1Path, type BytePath } from "../trees/byte-path.ts";
import { recordPaths } from "./record-layout.ts";

/** Everything below a directory but the directories. */
export interface LeftFiles {
  readonly files: number;
  /** Apparent size of the regular files together. */
  readonly bytes: number;
}

/** What cannot be looked into: it went away, is closed, or lies too deep for a path. */
const OUT_OF_REACH = ["ENOENT", "ENOTDIR", "EACCES", "ENAMETOOLONG"];

/**
 * Counts what lies in a record's `runa/`, as far as it can be reached. The agent may still be writing; nothing is
 * followed or opened.
 */
export async function countLeftFiles(record: string): Promise<LeftFiles> {
  const open = [bytePath(recordPaths(record).runa)];
  let [files, bytes] = [0, 0];
  for (let directory = open.pop(); directory !== undefined; directory = open.pop()) {
    for (const { path, isDirectory } of await entriesOf(directory)) {
      if (isDirectory) {
        open.push(path);
      } else {
        files += 1;
        bytes += await sizeOf(path);
      }
    }
  }
  return { files, bytes };
}

async function entriesOf(
  directory: BytePath,
): Promise<{ readonly path: BytePath; readonly isDirectory: boolean }[]> {
  const entries = await reachable(
    readdir(fsPath(directory), { encoding: "buffer", withFileTypes: true }),
    directory,
  );
  return (entries ?? []).map((entry) => ({
    path: joinBytes(directory, latin1Path(entry.name)),
    isDirectory: entry.isDirectory(),
  }));
}

async function sizeOf(file: BytePath): Promise<number> {
  const stats = await reachable(lstat(fsPath(file)), file);
  return stats?.isFile() === true ? stats.size : 0;
}

async function reachable<T>(looking: Promise<T>, path: BytePath): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    const code = systemCode(error) ?? "";
    if (OUT_OF_REACH.includes(code)) return undefined;
    throw new AgentdError("record_unusable", {
      tried: `look into ${fsPath(path).toString()}`,
      why: code,
      next: "See what else is wrong with agentd audit verify.",
      cause: error,
    });
  }
}
