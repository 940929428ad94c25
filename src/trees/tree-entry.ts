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
  copyFileSync,
  type Dir,
  type Dirent,
  fstatSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  opendirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  type Stats,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { type BytePath, fsPath, latin1Path } from "./byte-path.ts";

/** Names a file without opening it, so that no FIFO blocks and no device is woken. Node has no name for it. */
const O_PATH = 0x200000;

const LOOK = O_PATH | constants.O_NOFOLLOW;
/** A FIFO or a terminal would wait, or become this process's own: regular files take no notice of these flags. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
const READ_DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY;
const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** A copy that shares its blocks with the original, or an error. */
const CLONE = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE;

/** A copy that shares its blocks with the original where that is possible. */
const SHARE = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;

/** What a name in a directory stands for. `special`: a FIFO, socket or device. */
export type EntryKind = "file" | "directory" | "link" | "special";

/** A name in a directory, when it was listed. */
export interface ListedEntry {
  readonly name: BytePath;
  readonly kind: EntryKind;
}

/** A file, directory, link or anything else in a tree. The code that opens it closes it, or uses `using`. */
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

  /** What the entry of that name in this directory is now. Much cheaper than `open`; throws as `open` does. */
  look(name: BytePath): Stats {
    return lstatSync(this.#below(name));
  }

  /** Changes the mode of exactly this file or directory; a link has none. */
  setMode(mode: number): void {
    chmodSync(this.#self(), mode);
  }

  /**
   * Opens this regular file to read its contents. The caller closes the descriptor.
   *
   * @throws Error when it is not a regular file; the system's error, such as `EACCES`.
   */
  openContent(): number {
    if (!this.stats.isFile()) throw new Error("not a regular file");
    return openSync(this.#self(), READ);
  }

  /** As `openContent`, to change the content as well. */
  openToWrite(): number {
    if (!this.stats.isFile()) throw new Error("not a regular file");
    return openSync(this.#self(), constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY);
  }

  /** The names in this directory, one after another, in no order. Needs permission to read it. */
  *names(): Generator<BytePath> {
    for (const { name } of this.entries()) yield name;
  }

  /** As `names`, with the kind of each. After opening an entry by its name, check its kind again. */
  *entries(): Generator<ListedEntry> {
    // @types/node knows names as text only.
    const listing: Dir = opendirSync(this.#self(), { encoding: "buffer" as BufferEncoding });
    try {
      for (let entry = listing.readSync(); entry !== null; entry = listing.readSync()) {
        const { name } = entry as unknown as { readonly name: Buffer };
        const path = latin1Path(name);
        yield { name: path, kind: kindOf(entry) ?? kindOf(this.look(path)) ?? "special" };
      }
    } finally {
      listing.closeSync();
    }
  }

  /** Opens this directory to read its names or to flush it. The caller closes the descriptor. */
  openDirectory(): number {
    return openSync(this.#self(), READ_DIRECTORY);
  }

  /** The target of a link of this directory; throws `EINVAL` when that name is no longer a link. */
  readLink(name: BytePath): BytePath {
    return latin1Path(readlinkSync(this.#below(name), { encoding: "buffer" }));
  }

  /** Makes a directory in this directory, mode 0700. Throws `EEXIST` when the name exists. */
  makeDirectory(name: BytePath): void {
    mkdirSync(this.#below(name), 0o700);
  }

  /**
   * Makes a file in this directory, mode 0600, open for reading and writing. The caller closes the descriptor. Throws
   * `EEXIST` when there is anything of that name.
   */
  createFile(name: BytePath): number {
    return openSync(this.#below(name), CREATE, 0o600);
  }

  /**
   * Makes a copy of this regular file that shares its blocks, with its mode, in a directory of the same file system.
   * Throws when the file system cannot, as most cannot, and leaves nothing then.
   */
  clone(target: TreeEntry, newName: BytePath): void {
    copyFileSync(this.#self(), target.#below(newName), CLONE);
  }

  /**
   * Makes a copy of this regular file, with its time of change and its mode but for setuid, setgid and sticky, in a
   * directory that nobody else writes to. It shares its blocks where the file system can. Throws `EEXIST` when there is
   * anything of that name.
   *
   * @returns the size of the copy in bytes: the file may have grown since it was opened.
   */
  copy(target: TreeEntry, newName: BytePath): number {
    const path = target.#below(newName);
    copyFileSync(this.#self(), path, SHARE);
    chmodSync(path, this.stats.mode & 0o777);
    lutimesSync(path, this.stats.atime, this.stats.mtime);
    return lstatSync(path).size;
  }

  /** Makes a link in this directory. Throws `EEXIST` when there is anything of that name. */
  makeLink(name: BytePath, linkTo: BytePath): void {
    symlinkSync(fsPath(linkTo), this.#below(name));
  }

  /** Removes a name from this directory; not that of a directory. */
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

/** Undefined where the file system does not report the kind together with the name. */
function kindOf(entry: Dirent | Stats): EntryKind | undefined {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  if (entry.isSymbolicLink()) return "link";
  return entry.isFIFO() || entry.isSocket() || entry.isCharacterDevice() || entry.isBlockDevice()
    ? "special"
    : undefined;
}
