/**
 * One entry of a tree that a container could write, held by a descriptor.
 *
 * Such a tree may still be written while the host works on it: a process of another session can hold descriptors of
 * its directories, and put a link where a directory was. A path is looked up anew by each call and follows that link.
 * A descriptor stays with the very file or directory it was opened for. So everything here starts from a descriptor and
 * goes down by one name at a time, without following a link (`O_PATH | O_NOFOLLOW`, see open(2)); to change or read
 * what is found, it names that descriptor's own entry in `/proc/self/fd`.
 *
 * All calls are synchronous: they are for a worker, a command or a few entries.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  opendirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  type Dir,
  type Dirent,
  type Stats,
} from "node:fs";
import { fsPath, latin1Path, type BytePath } from "./byte-path.ts";

/** Names a file without opening it, so that no FIFO blocks and no device is woken. Node has no name for it. */
const O_PATH = 0x200000;

const LOOK = O_PATH | constants.O_NOFOLLOW;
/** A FIFO or a terminal would wait, or become this process's own: regular files take no notice of these flags. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** `special`: a FIFO, socket or device. */
export type EntryKind = "file" | "directory" | "link" | "special";

/** A file, directory, link or anything else in a tree. Whoever opened it closes it, or has `using` close it. */
export class TreeEntry implements Disposable {
  readonly #descriptor: number;
  /** What the entry was when it was opened; its kind and inode never change. */
  readonly stats: Stats;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.stats = fstatSync(descriptor);
  }

  /**
   * Opens the root of a tree. Its own directories up to there must be agentd's: only the last name is not followed.
   *
   * @throws the system's error, such as `ENOENT`.
   */
  static root(path: string | Buffer): TreeEntry {
    return new TreeEntry(openSync(path, LOOK));
  }

  /** Opens the entry of that name in this directory. Throws the system's error, such as `ENOENT`. */
  open(name: BytePath): TreeEntry {
    return new TreeEntry(openSync(this.#below(name), LOOK));
  }

  /** What the entry of that name in this directory is now; much cheaper than to open it. Throws as `open` does. */
  look(name: BytePath): Stats {
    return lstatSync(this.#below(name));
  }

  /** What the link of that name in this directory holds. Throws the system's error: `EINVAL` for anything else. */
  readLink(name: BytePath): Buffer {
    return readlinkSync(this.#below(name), { encoding: "buffer" });
  }

  /** Changes the mode of exactly this file or directory; a link has none. */
  setMode(mode: number): void {
    chmodSync(this.#self(), mode);
  }

  /**
   * Opens this regular file to read what is in it. The caller closes the descriptor.
   *
   * @throws Error when it is anything but a regular file; the system's error, such as `EACCES`.
   */
  openContent(): number {
    if (!this.stats.isFile()) throw new Error("not a regular file");
    return openSync(this.#self(), READ);
  }

  /** The names in this directory, one after another, in no order. Needs permission to read it. */
  *names(): Generator<BytePath> {
    for (const { name } of this.list()) yield name;
  }

  /** The names as `names` gives them, each with what it was while the directory was read. */
  *list(): Generator<{ readonly name: BytePath; readonly kind: EntryKind }> {
    // @types/node knows names as text only.
    const listing: Dir = opendirSync(this.#self(), { encoding: "buffer" as BufferEncoding });
    try {
      for (let entry = listing.readSync(); entry !== null; entry = listing.readSync()) {
        const name = latin1Path(entry.name as unknown as Buffer);
        yield { name, kind: kindOf(entry) ?? kindOf(this.look(name)) ?? "special" };
      }
    } finally {
      listing.closeSync();
    }
  }

  /** Removes a name from this directory: of anything that is no directory. */
  unlink(name: BytePath): void {
    unlinkSync(this.#below(name));
  }

  /** Removes an empty directory from this directory. */
  removeDirectory(name: BytePath): void {
    rmdirSync(this.#below(name));
  }

  /** Moves an entry of this directory into another directory of the same file system. */
  move(name: BytePath, target: TreeEntry, newName: BytePath): void {
    renameSync(this.#below(name), target.#below(newName));
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  #self(): string {
    return `/proc/self/fd/${this.#descriptor}`;
  }

  #below(name: BytePath): Buffer {
    return fsPath(`${this.#self()}/${name}` as BytePath);
  }
}

/** Undefined where a file system does not say it with the name. */
function kindOf(entry: Dirent | Stats): EntryKind | undefined {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  if (entry.isSymbolicLink()) return "link";
  return entry.isFIFO() || entry.isSocket() || entry.isCharacterDevice() || entry.isBlockDevice()
    ? "special"
    : undefined;
}
