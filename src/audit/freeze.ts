/**
 * Making the tree of a record read-only and taking the sum of every file in it, whatever an agent has left there.
 *
 * File calls are synchronous: this runs in a worker, where they cost a tenth of asynchronous ones and take none of the
 * threads that the daemon's own file calls need. Between files and chunks other seals of the same worker get their turn.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  type Stats,
} from "node:fs";
import { systemCode } from "../errors.ts";
import type { Excluded } from "../session-document.ts";
import { fsPath, joinBytes, latin1Path, listNames, shownPath, type BytePath } from "../trees/byte-path.ts";
import { hashFile, openRegularFile, unlinkFromOthers } from "./regular-file.ts";

export interface Modes {
  readonly file: number;
  readonly directory: number;
}

export interface FreezeOptions {
  readonly record: BytePath;
  readonly modes: Modes;
  /** Where copies of hard links grow, outside of what is frozen and on the same file system. */
  readonly temporary: BytePath;
  /** Bytes of apparent size that are hashed at most; files beyond are excluded. */
  readonly limitBytes: number;
}

/** Up to so many files and directories are flushed one by one; beyond, one flush of the file system costs less. */
const FLUSHED_ONE_BY_ONE = 200;

const OPEN_DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** What the system says when one entry of a tree cannot be read or changed, while the rest can. */
const FAULTS_OF_ONE_ENTRY: Readonly<Record<string, string>> = {
  EACCES: "no permission",
  EPERM: "not this user's to change",
  ENAMETOOLONG: "path too long",
  EIO: "read error",
};

/** Freezes trees of one record and gathers what it finds; paths are from the record's root. */
export class Freezer {
  readonly sums = new Map<BytePath, string>();
  readonly excluded: Excluded[] = [];
  readonly #options: FreezeOptions;
  #remainingBytes: number;
  #toFlush = 0;

  constructor(options: FreezeOptions) {
    this.#options = options;
    this.#remainingBytes = options.limitBytes;
  }

  /** Whether there was too much to flush one by one, so that the caller has to flush the file system. */
  get needsFlush(): boolean {
    return this.#toFlush > FLUSHED_ONE_BY_ONE;
  }

  /** Freezes a directory and everything below it. */
  async freezeDirectory(path: BytePath): Promise<void> {
    const place = this.#place(path);
    chmodSync(fsPath(place), 0o700);
    for (const name of listNames(place)) await this.#freezeEntry(joinBytes(path, name));
    chmodSync(fsPath(place), this.#options.modes.directory);
    this.#flush(openSync(fsPath(place), OPEN_DIRECTORY));
  }

  /** Freezes one regular file, whatever its size. */
  async freezeFile(path: BytePath): Promise<void> {
    const place = this.#place(path);
    const listed = lstatSync(fsPath(place));
    if (listed.nlink > 1) await unlinkFromOthers(place, listed, this.#options.temporary);
    // Opens up what its owner may not read, and takes setuid and setgid away.
    chmodSync(fsPath(place), this.#options.modes.file);
    const fd = openRegularFile(place);
    try {
      this.sums.set(path, await hashFile(fd));
    } finally {
      this.#flush(fd);
    }
  }

  async #freezeEntry(path: BytePath): Promise<void> {
    try {
      const listed = lstatSync(fsPath(this.#place(path)));
      if (listed.isDirectory()) await this.freezeDirectory(path);
      else if (listed.isFile()) await this.#freezeWithinLimit(path, listed.size);
      else this.#exclude(path, this.#kindOf(path, listed));
    } catch (error) {
      const fault = FAULTS_OF_ONE_ENTRY[systemCode(error) ?? ""];
      if (fault === undefined) throw error;
      this.#exclude(path, fault);
    }
  }

  async #freezeWithinLimit(path: BytePath, size: number): Promise<void> {
    if (size <= this.#remainingBytes) {
      await this.freezeFile(path);
      this.#remainingBytes -= size;
      return;
    }
    chmodSync(fsPath(this.#place(path)), this.#options.modes.file);
    this.#exclude(path, `beyond the record limit (${size} bytes)`);
  }

  #kindOf(path: BytePath, listed: Stats): string {
    if (listed.isFIFO()) return "FIFO";
    if (listed.isSocket()) return "socket";
    if (!listed.isSymbolicLink()) return "device";
    const target = readlinkSync(fsPath(this.#place(path)), { encoding: "buffer" });
    return `symbolic link to ${shownPath(latin1Path(target))}`;
  }

  #exclude(path: BytePath, reason: string): void {
    this.excluded.push({ path: shownPath(path), reason });
  }

  #place(path: BytePath): BytePath {
    return joinBytes(this.#options.record, path);
  }

  /** Makes what is open durable, unless there is so much that the file system is flushed; closes it. */
  #flush(fd: number): void {
    this.#toFlush += 1;
    try {
      if (!this.needsFlush) fsyncSync(fd);
    } catch (cause) {
      // Without the system's code: what is lost on its way to the disk is no fault of one entry.
      throw new Error("a file of the record cannot be made durable", { cause });
    } finally {
      closeSync(fd);
    }
  }
}
