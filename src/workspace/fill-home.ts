/**
 * Writes files into a session's home. Its container has started, and a shell of the image may put links in the way: none is
 * followed.
 */
import { AgentdError, systemCode } from "../errors.ts";
import { createBelow, InTheWay, replaceBelow } from "./write-below.ts";

/** A file to write, by its path from the home. */
interface File {
  readonly path: string;
  readonly content: Buffer;
  /** Default: no. */
  readonly isExecutable?: boolean;
}

export interface HomeContent {
  /** Written in any case; what has their names is replaced, unless it is a directory. */
  readonly files: readonly File[];
  /** The first of these that is free is written, after the files; none where that cannot be. */
  readonly fallback: readonly File[];
}

const MODE = 0o600;
const EXECUTABLE_MODE = 0o700;

/**
 * Writes them with mode 0600, executables with 0700, and makes missing directories on the way with mode 0700.
 *
 * @param home directory of the host; those that it is in are agentd's or the engine's.
 * @throws AgentdError `file_invalid` when something is in the way.
 */
export function fillHome(home: string, { files, fallback }: HomeContent): Promise<void> {
  return new Promise((resolve) => {
    for (const file of files) {
      try {
        replaceBelow(home, withMode(file));
      } catch (cause) {
        throw failure(file.path, cause);
      }
    }
    writeFirstFree(home, fallback);
    resolve();
  });
}

function writeFirstFree(home: string, files: readonly File[]): void {
  for (const file of files) {
    try {
      createBelow(home, withMode(file));
      return;
    } catch {
      // What the home has there, a link or a file on the way included, is its own affair.
    }
  }
}

function withMode({ path, content, isExecutable }: File): Parameters<typeof replaceBelow>[1] {
  return { path, content, mode: isExecutable === true ? EXECUTABLE_MODE : MODE };
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
