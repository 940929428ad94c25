/**
 * Copies a directory of the operator's, which may be written meanwhile, into a directory of agentd's own. Links are kept
 * and never followed, files share blocks with the original where the file system can and never an inode: nothing that is
 * done to the copy reaches the original. Synchronous, for a worker.
 */
import { closeSync, fstatSync, writeSync } from "node:fs";
import { systemCode } from "../errors.ts";
import { type BytePath, bytePath, joinBytes, shownPath } from "../trees/byte-path.ts";
import { TreeEntry } from "../trees/tree-entry.ts";
import { ignoredBy } from "./ignored.ts";

export interface CopyRequest {
  /** Directory with no link in its path. */
  readonly source: string;
  /** Existing empty directory that nobody else writes to. */
  readonly target: string;
  /** Globs of what is left out. */
  readonly ignore: readonly string[];
  /** The most bytes that all files may have. */
  readonly limitBytes: number;
  /** Whether it becomes a session's repository, in which `.runa` is agentd's. Default true. */
  readonly isRepository?: boolean;
}

export interface CopiedTree {
  readonly files: number;
  readonly bytes: number;
  /** Files and links, but for those of `.git` and of repositories within. */
  readonly paths: readonly BytePath[];
  /** FIFOs, sockets and devices, which were left out; the first of them by their paths. */
  readonly special: { readonly count: number; readonly first: readonly string[] };
}

export type Progress = (files: number, bytes: number) => void;

/** The directory is not as it may be copied; the message is a reason without a full stop. */
export class NotCopied extends Error {
  override readonly name = "NotCopied";
}

const MOST_ENTRIES = 500_000;
/** As an export of the work takes them. */
const MOST_LEVELS = 256;
const MOST_PATH_BYTES = 3_000;
const SHOWN = 5;
const RECORD = bytePath(".runa");
const GIT = bytePath(".git");

/** Copies all of it. @throws NotCopied; the system's error. */
export function copyDirectory(request: CopyRequest, onProgress: Progress): CopiedTree {
  const copying = new Copying(request, onProgress);
  using source = TreeEntry.root(request.source);
  if (!source.stats.isDirectory()) throw new NotCopied("it is not a directory");
  using target = TreeEntry.root(request.target);
  copying.directory(source, target, undefined, false);
  if (request.isRepository !== false) ignoreRecord(target);
  target.setMode(directoryMode(source));
  const { files, bytes, paths, special } = copying;
  return { files, bytes, paths, special };
}

class Copying implements CopiedTree {
  files = 0;
  bytes = 0;
  readonly paths: BytePath[] = [];
  readonly special = { count: 0, first: [] as string[] };
  readonly #limitBytes: number;
  readonly #isRepository: boolean;
  readonly #isIgnored: (path: string) => boolean;
  readonly #onProgress: Progress;
  #entries = 0;

  constructor({ ignore, limitBytes, isRepository = true }: CopyRequest, onProgress: Progress) {
    this.#isRepository = isRepository;
    this.#limitBytes = limitBytes;
    this.#isIgnored = ignoredBy(ignore);
    this.#onProgress = onProgress;
  }

  /** @param isOthers whether its files belong to a repository within. */
  directory(source: TreeEntry, target: TreeEntry, path: BytePath | undefined, isOthers: boolean): void {
    const names = [...source.names()];
    const isRepository = path !== undefined && names.some(isGit);
    for (const name of names) {
      const at = path === undefined ? name : joinBytes(path, name);
      if (this.#isIgnored(Buffer.from(at, "latin1").toString("utf8"))) continue;
      if (at === RECORD && this.#isRepository)
        throw new NotCopied(
          "it has an entry .runa, where agentd mounts the session's record; remove it or list it in ignore",
        );
      this.#count(at);
      try {
        this.#entry(source, target, { name, at, isOthers: isOthers || isRepository || isGit(name) });
      } catch (error) {
        // It is gone since it was listed.
        if (systemCode(error) === "ENOENT") continue;
        throw explained(at, error);
      }
    }
  }

  #entry(
    source: TreeEntry,
    target: TreeEntry,
    { name, at, isOthers }: { readonly name: BytePath; readonly at: BytePath; readonly isOthers: boolean },
  ): void {
    using entry = source.open(name);
    const { stats } = entry;
    if (stats.isDirectory()) {
      target.makeDirectory(name);
      using made = target.open(name);
      this.directory(entry, made, at, isOthers);
      made.setMode(directoryMode(entry));
      return;
    }
    if (stats.isFile()) {
      this.#allow(this.bytes + stats.size);
      this.bytes += entry.copy(target, name);
      this.#allow(this.bytes);
    } else if (stats.isSymbolicLink()) {
      target.makeLink(name, source.readLink(name));
    } else {
      this.special.count += 1;
      if (this.special.first.length < SHOWN) this.special.first.push(shownPath(at));
      return;
    }
    this.files += 1;
    if (!isOthers) this.paths.push(at);
    this.#onProgress(this.files, this.bytes);
  }

  #allow(bytes: number): void {
    if (bytes > this.#limitBytes)
      throw new NotCopied(
        `its files have more than the ${this.#limitBytes} bytes that directory_limit allows`,
      );
  }

  #count(path: BytePath): void {
    this.#entries += 1;
    if (this.#entries > MOST_ENTRIES) throw new NotCopied(`it has more than ${MOST_ENTRIES} files`);
    if (path.length > MOST_PATH_BYTES || path.split("/").length > MOST_LEVELS)
      throw new NotCopied(
        `${shownPath(path).slice(0, 100)}... is deeper than ${MOST_LEVELS} levels or longer than ${MOST_PATH_BYTES} bytes`,
      );
  }
}

/** Whether git takes the name for that of a repository. */
function isGit(name: BytePath): boolean {
  return name.toLowerCase() === GIT;
}

/** The session's user can always enter and write it. */
function directoryMode({ stats }: TreeEntry): number {
  return (stats.mode & 0o777) | 0o700;
}

function explained(path: BytePath, error: unknown): unknown {
  const code = systemCode(error);
  if (error instanceof NotCopied || code === undefined) return error;
  if (code === "EACCES" || code === "EPERM")
    return new NotCopied(`${shownPath(path)} cannot be read (${code})`);
  return new NotCopied(`${shownPath(path)} cannot be copied (${code})`);
}

/** The session's record is not part of a repository. Where the copy is of an odd form, it is left as it is. */
function ignoreRecord(root: TreeEntry): void {
  try {
    using git = root.open(GIT);
    using info = openOrMake(git, bytePath("info"));
    const descriptor = openOrCreate(info, bytePath("exclude"));
    try {
      writeSync(descriptor, Buffer.from("\n.runa\n"), 0, undefined, fstatSync(descriptor).size);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (systemCode(error) === "ENOSPC") throw error;
  }
}

function openOrMake(parent: TreeEntry, name: BytePath): TreeEntry {
  try {
    parent.makeDirectory(name);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
  return parent.open(name);
}

function openOrCreate(parent: TreeEntry, name: BytePath): number {
  try {
    return parent.createFile(name);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    using entry = parent.open(name);
    return entry.openToWrite();
  }
}
