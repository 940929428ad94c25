/**
 * Copies a file or tree out of a record. The session may still be writing it: entries are opened by descriptor, and
 * links and special files are left out. File calls are synchronous: this runs in a command.
 */
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { systemCode } from "../../errors.ts";
import { type BytePath, fsPath, joinBytes, shownPath } from "../../trees/byte-path.ts";
import type { TreeEntry } from "../../trees/tree-entry.ts";

export interface CopyOptions {
  /** Whether files that exist are replaced, and directories that exist are filled. */
  readonly force: boolean;
  /** Whether the destination may be a directory that exists already. */
  readonly intoExisting: boolean;
}

export interface Copied {
  readonly files: number;
  /** Links, special files, and directories nested too deeply. */
  readonly leftOut: number;
}

/** A copy that could not be made; the message has the path and the reason. */
export class NotCopied extends Error {
  override readonly name = "NotCopied";
}

const MOST_LEVELS = 256;
const CHUNK_BYTES = 1024 * 1024;
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Everything below a directory but the directories, as far as it can be reached; a file counts as one. */
export function countFiles(entry: TreeEntry, level = 0): number {
  if (!entry.stats.isDirectory()) return 1;
  if (level > MOST_LEVELS) return 0;
  let files = 0;
  for (const { name, kind } of entry.entries()) {
    if (kind !== "directory") {
      files += 1;
      continue;
    }
    using below = entry.open(name);
    files += countFiles(below, level + 1);
  }
  return files;
}

/**
 * Copies an entry to a path. Yields how many files are done, after each one.
 *
 * Files get the mode 0644 or 0755, directories 0755, less what the umask takes away.
 *
 * @param destination where the copy is to be; its directory is there.
 * @throws NotCopied; what was copied before stays.
 */
export function* copyOut(
  entry: TreeEntry,
  destination: BytePath,
  options: CopyOptions,
): Generator<number, Copied> {
  const copy = new Copy(options);
  yield* copy.take(entry, destination, 0);
  return { files: copy.files, leftOut: copy.leftOut };
}

class Copy {
  files = 0;
  leftOut = 0;
  readonly #options: CopyOptions;
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  /** Inode of the directory that is filled, in case it lies in what is copied. */
  #own: { readonly dev: number; readonly ino: number } | undefined;

  constructor(options: CopyOptions) {
    this.#options = options;
  }

  *take(entry: TreeEntry, to: BytePath, level: number): Generator<number> {
    if (entry.stats.isDirectory()) yield* this.#takeDirectory(entry, to, level);
    else if (entry.stats.isFile()) {
      attempt(to, () => this.#copyFile(entry, to));
      this.files += 1;
      yield this.files;
    } else this.leftOut += 1;
  }

  *#takeDirectory(entry: TreeEntry, to: BytePath, level: number): Generator<number> {
    if (level > MOST_LEVELS || (entry.stats.ino === this.#own?.ino && entry.stats.dev === this.#own.dev)) {
      this.leftOut += 1;
      return;
    }
    attempt(to, () => this.#makeDirectory(to, level));
    if (level === 0) this.#own = attempt(to, () => lstatSync(fsPath(to)));
    for (const name of attempt(to, () => [...entry.names()])) {
      const below = attempt(joinBytes(to, name), () => openIfThere(entry, name));
      if (below === undefined) continue;
      try {
        yield* this.take(below, joinBytes(to, name), level + 1);
      } finally {
        below[Symbol.dispose]();
      }
    }
  }

  #makeDirectory(to: BytePath, level: number): void {
    try {
      mkdirSync(fsPath(to), 0o755);
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
      const mayExist = this.#options.force || (level === 0 && this.#options.intoExisting);
      if (!lstatSync(fsPath(to)).isDirectory())
        throw new Error("it exists and is not a directory", { cause: error });
      if (!mayExist)
        throw new Error("it exists already; --force adds to it and replaces files", { cause: error });
    }
  }

  #copyFile(entry: TreeEntry, to: BytePath): void {
    const source = entry.openContent();
    try {
      const target = this.#create(to, (entry.stats.mode & 0o100) === 0 ? 0o644 : 0o755);
      try {
        this.#copyContent(source, target, entry.stats.size);
      } catch (error) {
        // Half a file looks like a whole one.
        unlinkSync(fsPath(to));
        throw error;
      } finally {
        closeSync(target);
      }
    } finally {
      closeSync(source);
    }
  }

  /** What the file has beyond its size at the beginning is written by a session that may never end. */
  #copyContent(source: number, target: number, size: number): void {
    for (let left = size; left > 0;) {
      const length = readSync(source, this.#buffer, 0, Math.min(left, CHUNK_BYTES), null);
      if (length === 0) return;
      for (let written = 0; written < length;)
        written += writeSync(target, this.#buffer, written, length - written);
      left -= length;
    }
  }

  #create(to: BytePath, mode: number): number {
    try {
      return openSync(fsPath(to), CREATE, mode);
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
      if (!this.#options.force) throw new Error("it exists already; --force replaces it", { cause: error });
      unlinkSync(fsPath(to));
      return openSync(fsPath(to), CREATE, mode);
    }
  }
}

/** Undefined when the session has removed it meanwhile. */
function openIfThere(directory: TreeEntry, name: BytePath): TreeEntry | undefined {
  try {
    return directory.open(name);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "its directory does not exist",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a directory",
  ENOTDIR: "what should be its directory is none",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  ENAMETOOLONG: "its name is too long",
};

function attempt<T>(path: BytePath, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const code = systemCode(cause);
    const why =
      code === undefined ? (cause instanceof Error ? cause.message : String(cause)) : (REASONS[code] ?? code);
    throw new NotCopied(`${shownPath(path)}: ${why}`, { cause });
  }
}
