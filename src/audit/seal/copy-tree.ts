/**
 * Copying what an agent has left into files and directories that no container ever had, with the sum of every file.
 *
 * Another session that received a descriptor of the container's tree may write to it for as long as it lives. So
 * nothing of the tree becomes the record: neither its inodes nor anything that a path in it leads to. It is walked by
 * descriptors (`TreeEntry`), and a change meanwhile affects at most the content of the copy.
 */
import { closeSync, fchmodSync, fstatSync, ftruncateSync, futimesSync, readSync } from "node:fs";
import { systemCode } from "../../errors.ts";
import { Flusher } from "../../flusher.ts";
import { kindOf } from "../../regular-file.ts";
import { type BytePath, joinBytes, shownPath } from "../../trees/byte-path.ts";
import { sortedNames } from "../../trees/sorted-names.ts";
import type { TreeEntry } from "../../trees/tree-entry.ts";
import type { ChecksumLines } from "../format/checksums.ts";
import { ContentReader, type Read, Turns } from "../format/file-content.ts";
import { CopiedDirectory, type Modes } from "./copied-directory.ts";
import { ExcludedList } from "./excluded-list.ts";
import { fromSource, SourceFault } from "./source-fault.ts";

/** What is copied at most; everything beyond is left out and listed. */
export interface CopyBounds {
  /** Bytes of apparent size of the files and of all paths together. */
  readonly bytes: number;
  /** Files, directories and everything else. */
  readonly entries: number;
  /** Directories in each other: two descriptors are open for each. */
  readonly levels: number;
  /** Bytes of one path from the record's root: other programs take 4095, also where the record is exported to. */
  readonly pathBytes: number;
}

export const COPY_BOUNDS: Omit<CopyBounds, "bytes"> = { entries: 1_000_000, levels: 256, pathBytes: 3_900 };

export interface CopyOptions {
  readonly bounds: CopyBounds;
  readonly modes: Modes;
  /** Gets the line of each file, in the order of the paths. */
  readonly sums: ChecksumLines;
}

/** Below this size, sharing blocks saves nothing. */
const CLONED_FROM_BYTES = 1024 * 1024;

/** The current position of the copy in both trees. */
interface Place {
  readonly source: TreeEntry;
  readonly target: CopiedDirectory;
  /** From the record's root. */
  readonly path: BytePath;
  /** How many directories it is in. */
  readonly level: number;
}

/** Copies one tree. */
export class TreeCopy implements Disposable {
  readonly excluded = new ExcludedList();
  readonly #options: CopyOptions;
  readonly #flusher = new Flusher();
  readonly #turns = new Turns();
  readonly #reader = new ContentReader(this.#turns, fromSource<Parameters<Read>, number>(readSync));
  #bytesLeft: number;
  #entriesLeft: number;
  #canClone = true;

  constructor(options: CopyOptions) {
    this.#options = options;
    this.#bytesLeft = options.bounds.bytes;
    this.#entriesLeft = options.bounds.entries;
  }

  /** Makes the copy durable; false where there is too much of it, so that the caller has to flush the file system. */
  flush(): boolean {
    return this.#flusher.flush();
  }

  [Symbol.dispose](): void {
    this.#flusher[Symbol.dispose]();
  }

  /**
   * Copies what is below a directory into an empty one.
   *
   * @param path of both, from the record's root.
   */
  async copy(source: TreeEntry, target: TreeEntry, path: BytePath): Promise<void> {
    using root = CopiedDirectory.root(target, source.stats);
    try {
      await this.#copyNames({ source, target: root, path, level: 0 });
    } catch (error) {
      if (!(error instanceof SourceFault)) throw error;
      this.excluded.add(path, error.message);
    }
    root.finish(this.#options.modes, this.#flusher);
  }

  async #copyNames(place: Place): Promise<void> {
    const { source, path, level } = place;
    // Its owner can always be let in, except by a directory of another's.
    if ((source.stats.mode & 0o500) !== 0o500) fromSource(() => source.setMode(0o700))();
    const { names, hasMore } = fromSource(() => sortedNames(source, this.#entriesLeft))();
    if (names.length === 0 && !hasMore && level > 0) this.excluded.add(path, "empty directory");
    for (const [index, { name, isDirectory }] of names.entries()) {
      const below = joinBytes(path, name);
      if (!this.#takes(below)) {
        this.#leaveRest(path, names.length - index);
        return;
      }
      await this.#copyEntry(place, { name, isDirectory, path: below });
    }
    if (hasMore) this.#leaveRest(path, undefined);
  }

  /** Counts an entry; false when it is beyond the bounds. */
  #takes(path: BytePath): boolean {
    if (this.#entriesLeft < 1 || this.#bytesLeft < path.length) return false;
    this.#entriesLeft -= 1;
    this.#bytesLeft -= path.length;
    return true;
  }

  /** One entry for the rest of a directory. */
  #leaveRest(path: BytePath, count: number | undefined): void {
    const what = count === undefined ? "more entries" : `the last ${count} of its entries`;
    const bound = this.#entriesLeft < 1 ? `${this.#options.bounds.entries} entries` : "the record limit";
    this.excluded.add(path, `${what}: beyond ${bound}`);
  }

  async #copyEntry(
    { source, target, level }: Place,
    { name, isDirectory, path }: { name: BytePath; isDirectory: boolean; path: BytePath },
  ): Promise<void> {
    const { bounds } = this.#options;
    try {
      if (path.length > bounds.pathBytes) {
        this.excluded.add(path, "path too long");
        return;
      }
      using entry = fromSource(() => source.open(name))();
      const { stats } = entry;
      // Else its sum would be out of order.
      if (stats.isDirectory() !== isDirectory) this.excluded.add(path, "changed while it was sealed");
      else if (stats.isFile()) await this.#copyFile(entry, target, name, path);
      else if (!stats.isDirectory()) this.excluded.add(path, kindInFull(source, entry, name));
      else if (level >= bounds.levels) this.excluded.add(path, `in more than ${bounds.levels} directories`);
      else await this.#copyDirectory(entry, target, name, { path, level: level + 1 });
    } catch (error) {
      if (!(error instanceof SourceFault)) throw error;
      this.excluded.add(path, error.message);
    }
    await this.#turns.count(0);
  }

  async #copyDirectory(
    source: TreeEntry,
    parent: CopiedDirectory,
    name: BytePath,
    place: Pick<Place, "path" | "level">,
  ): Promise<void> {
    using target = parent.directory(name, source.stats);
    await this.#copyNames({ source, target, ...place });
    target.finish(this.#options.modes, this.#flusher);
  }

  async #copyFile(source: TreeEntry, target: CopiedDirectory, name: BytePath, path: BytePath): Promise<void> {
    const { size } = source.stats;
    if (size > this.#bytesLeft) {
      this.excluded.add(path, `beyond the record limit (${size} bytes)`);
      return;
    }
    if ((source.stats.mode & 0o400) === 0) fromSource(() => source.setMode(0o600))();
    const content = fromSource(() => source.openContent())();
    try {
      const { sum, file } = await this.#copyContent(source, content, target, name);
      try {
        fchmodSync(file, this.#options.modes.file);
        futimesSync(file, source.stats.atimeMs / 1000, source.stats.mtimeMs / 1000);
      } finally {
        this.#flusher.add(file);
      }
      this.#bytesLeft -= size;
      this.#options.sums.add(path, sum);
    } finally {
      closeSync(content);
    }
  }

  /** The copy is open when this returns, and does not exist when it throws. */
  async #copyContent(
    source: TreeEntry,
    content: number,
    target: CopiedDirectory,
    name: BytePath,
  ): Promise<{ sum: string; file: number }> {
    const { size } = source.stats;
    const clone = this.#clone(source, target, name);
    const file = clone ?? target.createFile(name);
    try {
      const sum =
        clone === undefined
          ? await this.#reader.copy(content, file, size)
          : await this.#reader.hash(clone, size);
      return { sum, file };
    } catch (error) {
      closeSync(file);
      target.removeFile(name);
      throw error;
    }
  }

  /** A copy that shares its blocks, open; undefined where that is not possible. */
  #clone(source: TreeEntry, target: CopiedDirectory, name: BytePath): number | undefined {
    if (!this.#canClone || source.stats.size < CLONED_FROM_BYTES) return undefined;
    const clone = target.cloneFile(source, name);
    // A file system supports it or does not.
    this.#canClone = clone !== undefined;
    // A process may have added to it since its size was counted.
    if (clone !== undefined && fstatSync(clone).size > source.stats.size)
      ftruncateSync(clone, source.stats.size);
    return clone;
  }
}

/** The target of a link, shortened to a sensible length. */
const MOST_OF_A_LINK = 1_000;

function kindInFull(directory: TreeEntry, { stats }: TreeEntry, name: BytePath): string {
  if (!stats.isSymbolicLink()) return kindOf(stats);
  try {
    return `symbolic link to ${shownPath(directory.readLink(name)).slice(0, MOST_OF_A_LINK)}`;
  } catch (error) {
    // It was a link when it was opened.
    if (systemCode(error) === undefined) throw error;
    return "symbolic link";
  }
}
