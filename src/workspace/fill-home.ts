/**
 * Writes files into a session's home. Its container has started, and a shell of the image may put links in the way: each
 * directory is entered by its descriptor, and no link is followed.
 */
import { closeSync, fchmodSync, writeSync } from "node:fs";
import { AgentdError, systemCode } from "../errors.ts";
import { type BytePath, bytePath } from "../trees/byte-path.ts";
import { TreeEntry } from "../trees/tree-entry.ts";

/** A file to write, by its path from the home. */
interface File {
  readonly path: string;
  readonly content: Buffer;
  /** Default: no. */
  readonly isExecutable?: boolean;
  /** Default: that of an executable, or of another file. */
  readonly mode?: number;
}

export interface HomeContent {
  /** Written in any case; what has their names is replaced, unless it is a directory. */
  readonly files: readonly File[];
  /** The first of these that is free is written, after the files; none where that cannot be. */
  readonly fallback: readonly File[];
}

const MODE = 0o600;
const EXECUTABLE_MODE = 0o700;
const OPEN_MODE = 0o644;
const OPEN_DIRECTORY_MODE = 0o755;

/**
 * Writes them with mode 0600, executables with 0700, and makes missing directories on the way with mode 0700.
 *
 * @param home directory of the host; those that it is in are agentd's or the engine's.
 * @throws AgentdError `file_invalid` when something is in the way.
 */
export function fillHome(home: string, { files, fallback }: HomeContent): Promise<void> {
  return new Promise((resolve) => {
    for (const file of files) {
      const { path } = file;
      try {
        write(home, path, (directory, name) => replace(directory, name, file));
      } catch (cause) {
        throw failure(path, cause);
      }
    }
    writeFirstFree(home, fallback);
    resolve();
  });
}

/**
 * Writes one file below a directory that a container may have already, readable for all as its directories are. What has its
 * name is replaced.
 *
 * @param root directory of the host; those that it is in are agentd's.
 * @throws Error when something is in the way.
 */
export function writeBelow(root: string, file: Pick<File, "path" | "content">): void {
  const open = (directory: TreeEntry): void => directory.setMode(OPEN_DIRECTORY_MODE);
  write(root, file.path, (directory, name) => replace(directory, name, { ...file, mode: OPEN_MODE }), open);
}

function writeFirstFree(home: string, files: readonly File[]): void {
  for (const file of files) {
    try {
      write(home, file.path, (directory, name) => create(directory, name, file));
      return;
    } catch {
      // What the home has there, a link or a file on the way included, is its own affair.
    }
  }
}

type Use = (directory: TreeEntry, name: BytePath) => void;
type OnEntered = (directory: TreeEntry) => void;

/** Opens the directory that a path is in. @param onEntered is told of each directory on the way. */
function write(home: string, path: string, use: Use, onEntered?: OnEntered): void {
  using root = TreeEntry.root(home);
  below(root, path.split("/").map(bytePath), use, onEntered);
}

function below(
  directory: TreeEntry,
  [name, ...rest]: readonly BytePath[],
  use: Use,
  onEntered?: OnEntered,
): void {
  if (!directory.stats.isDirectory()) throw new InTheWay(kindOf(directory));
  if (name === undefined) throw new Error("the path is empty");
  if (rest.length === 0) {
    use(directory, name);
    return;
  }
  makeMissing(directory, name);
  using next = directory.open(name);
  if (next.stats.isDirectory()) onEntered?.(next);
  below(next, rest, use, onEntered);
}

function makeMissing(directory: TreeEntry, name: BytePath): void {
  try {
    directory.makeDirectory(name);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
}

/** Throws `EEXIST` when the name is taken. */
function create(directory: TreeEntry, name: BytePath, { content, isExecutable, mode }: File): void {
  const descriptor = directory.createFile(name);
  try {
    // The umask may have narrowed the mode.
    fchmodSync(descriptor, mode ?? (isExecutable === true ? EXECUTABLE_MODE : MODE));
    for (let done = 0; done < content.length;) done += writeSync(descriptor, content, done);
  } finally {
    closeSync(descriptor);
  }
}

/** Renames a new file into place, so that nothing is written through a link or a hard link of that name. */
function replace(directory: TreeEntry, name: BytePath, file: File): void {
  const next = bytePath(".agentd-next");
  create(directory, next, file);
  try {
    directory.move(next, directory, name);
  } catch (error) {
    directory.unlink(next);
    throw error;
  }
}

/** Something that is not a directory where one is needed. */
class InTheWay extends Error {
  constructor(kind: string) {
    super(`a ${kind} is on the way to it`);
  }
}

function kindOf({ stats }: TreeEntry): string {
  if (stats.isSymbolicLink()) return "symbolic link";
  return stats.isFile() ? "file" : "special file";
}

function failure(path: string, cause: unknown): AgentdError {
  return new AgentdError("file_invalid", {
    tried: `write ~/${path} in the session's home`,
    why: cause instanceof InTheWay ? cause.message : reason(systemCode(cause) ?? String(cause)),
    next: "Fix the target of this file in the profile, or the image's home directory.",
    cause,
  });
}

function reason(code: string): string {
  if (code === "EISDIR" || code === "ENOTEMPTY") return "there is a directory of that name";
  if (code === "EACCES" || code === "EPERM") return "its directory does not belong to the session's user";
  return code;
}
