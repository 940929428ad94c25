/**
 * Reads HEAD and the refs of a repository from its files. Git cannot do it: it would read a configuration that somebody
 * else has written, and start what that names.
 */
import { systemCode } from "../../errors.ts";
import { type BytePath, shownPath } from "../../trees/byte-path.ts";
import type { TreeEntry } from "../../trees/tree-entry.ts";
import { readSmall, readStart } from "./content.ts";
import { isIgnoredRef, isRefName } from "./ref-name.ts";

/** What HEAD and the refs of a repository were. */
export interface Refs {
  /** The commit that HEAD leads to; undefined: to none, or nobody can tell. */
  readonly headId: string | undefined;
  /** The full name of the branch that HEAD is on; undefined when it is on none. */
  readonly headRef: BytePath | undefined;
  /** Full names with the ids that they have; a ref that only names another ref is none of them. */
  readonly ids: ReadonlyMap<BytePath, string>;
}

export interface RefsBounds {
  /** Digits of an id: 40 or 64. */
  readonly idLength: number;
  /** Files and directories below `refs`. */
  readonly entries: number;
  /** Bytes of `packed-refs` that are read. */
  readonly packedBytes: number;
  /** Told what is not read, and why. */
  readonly leaveOut: (what: BytePath, why: string) => void;
}

const SYMBOLIC = "ref: ";
const FILE_BYTES = 2_048;
const DEPTH = 64;

/**
 * Reads them from a git directory, held by its descriptor.
 *
 * @throws the system's error when HEAD is missing, Error when it is nothing that git makes.
 */
export function readRefs(gitDirectory: TreeEntry, bounds: RefsBounds): Refs {
  const ids = readPacked(gitDirectory, bounds);
  readLoose(gitDirectory, ids, bounds);
  const head = readValue(gitDirectory, "HEAD" as BytePath);
  if (head?.startsWith(SYMBOLIC) === true) {
    const headRef = head.slice(SYMBOLIC.length).trim() as BytePath;
    if (isRefName(headRef)) return { headId: ids.get(headRef), headRef, ids };
  } else if (head !== undefined && isId(head, bounds.idLength)) {
    return { headId: head, headRef: undefined, ids };
  }
  bounds.leaveOut("HEAD" as BytePath, "it names neither a branch nor a commit");
  return { headId: undefined, headRef: undefined, ids };
}

function isId(text: string, length: number): boolean {
  return text.length === length && /^[0-9a-f]+$/.test(text);
}

/** The first line of a small file; undefined for anything else. */
function readValue(directory: TreeEntry, name: BytePath): string | undefined {
  using entry = directory.open(name);
  if (!entry.stats.isFile()) return undefined;
  return readSmall(entry, FILE_BYTES)?.toString("latin1").trimEnd();
}

function readPacked(gitDirectory: TreeEntry, bounds: RefsBounds): Map<BytePath, string> {
  const ids = new Map<BytePath, string>();
  const name = "packed-refs" as BytePath;
  const content = ifPresent(() => {
    using entry = gitDirectory.open(name);
    if (entry.stats.isFile()) return readStart(entry, bounds.packedBytes + 1);
    bounds.leaveOut(name, "it is no file");
    return undefined;
  });
  if (content === undefined) return ids;
  const text = content.toString("latin1");
  if (content.length > bounds.packedBytes)
    bounds.leaveOut(name, `what comes after its first ${bounds.packedBytes} bytes: too many refs`);
  let from = 0;
  // What comes after the last line's end was cut off.
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
    const line = text.slice(from, end);
    from = end + 1;
    if (line.startsWith("#") || line.startsWith("^")) continue;
    const space = line.indexOf(" ");
    keep(ids, line.slice(space + 1) as BytePath, line.slice(0, space), bounds);
  }
  return ids;
}

/** Goes on after names that agentd does not take over. */
function keep(ids: Map<BytePath, string>, name: BytePath, id: string, bounds: RefsBounds): void {
  if (isIgnoredRef(name)) return;
  if (!isRefName(name)) bounds.leaveOut(name, "git makes no ref of this name");
  else if (!isId(id, bounds.idLength))
    bounds.leaveOut(name, `it holds no id of ${bounds.idLength} hexadecimal digits`);
  else ids.set(name, id);
}

function readLoose(gitDirectory: TreeEntry, ids: Map<BytePath, string>, bounds: RefsBounds): void {
  let entries = 0;
  const visit = (parent: TreeEntry, name: BytePath, path: BytePath, depth: number): void => {
    using entry = parent.open(name);
    if (entry.stats.isDirectory() && depth < DEPTH) {
      for (const below of entry.names()) {
        if (++entries > bounds.entries) return;
        attempt(bounds, `${path}/${below}` as BytePath, (each) => visit(entry, below, each, depth + 1));
      }
    } else if (entry.stats.isFile()) {
      const value = readSmall(entry, FILE_BYTES)?.toString("latin1").trimEnd() ?? "";
      if (!value.startsWith(SYMBOLIC)) keep(ids, path, value, bounds);
    } else {
      bounds.leaveOut(
        path,
        entry.stats.isDirectory() ? `it is more than ${DEPTH} levels deep` : "it is no file",
      );
    }
  };
  const root = "refs" as BytePath;
  attempt(bounds, root, () => visit(gitDirectory, root, root, 0));
  if (entries > bounds.entries)
    bounds.leaveOut(root, `what comes after the first ${bounds.entries} files and directories`);
}

function attempt(bounds: RefsBounds, path: BytePath, work: (path: BytePath) => void): void {
  try {
    work(path);
  } catch (error) {
    bounds.leaveOut(path, `it cannot be read (${systemCode(error) ?? String(error)})`);
  }
}

function ifPresent<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** A branch as people name it. */
export function shownBranch(ref: BytePath): string {
  return shownPath(ref.replace(/^refs\/heads\//, "") as BytePath);
}
