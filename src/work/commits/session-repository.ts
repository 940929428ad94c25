/** What a session's `.git` says about HEAD and refs, read without git. */
import { systemCode } from "../../errors.ts";
import { type BytePath, bytePath } from "../../trees/byte-path.ts";
import type { TreeEntry } from "../../trees/tree-entry.ts";
import type { Base } from "../base/base.ts";
import { type ExportLimits, NotExported } from "../bounds/limits.ts";
import { readRefs, type Refs } from "../git/refs.ts";

/** Bytes of a packed ref, its name included. */
const PACKED_REF_BYTES = 800;

/**
 * Opens the directory `.git` of a tree. The caller closes it.
 *
 * @throws NotExported when it is anything else, or of a form that agentd does not read.
 */
export function openGitDirectory(root: TreeEntry): TreeEntry {
  const entry = openIfThere(root, ".git");
  if (entry === undefined) throw new NotExported("there is no .git");
  const why = fault(entry);
  if (why === undefined) return entry;
  entry[Symbol.dispose]();
  throw new NotExported(why);
}

/** Whether the tree has anything of the name `.git`. */
export function hasGitDirectory(root: TreeEntry): boolean {
  using entry = openIfThere(root, ".git");
  return entry !== undefined;
}

function fault(entry: TreeEntry): string | undefined {
  if (!entry.stats.isDirectory()) return ".git is no directory";
  using reftable = openIfThere(entry, "reftable");
  return reftable === undefined ? undefined : "its refs are in a reftable";
}

function openIfThere(directory: TreeEntry, name: string): TreeEntry | undefined {
  try {
    return directory.open(bytePath(name));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** HEAD and the refs, as many as an export reads. Throws NotExported when there is no HEAD. */
export function readSessionRefs(
  gitDirectory: TreeEntry,
  base: Base,
  limits: ExportLimits,
  leaveOut: (what: BytePath, why: string) => void,
): Refs {
  try {
    return readRefs(gitDirectory, {
      idLength: base.format === "sha1" ? 40 : 64,
      entries: 2 * (limits.refs + base.refs.ids.size),
      packedBytes: base.packedRefsBytes + limits.refs * PACKED_REF_BYTES,
      leaveOut,
    });
  } catch (error) {
    throw new NotExported(`its HEAD cannot be read (${systemCode(error) ?? String(error)})`);
  }
}

/** The refs that the base has not, or not there; branches first. */
export function changedRefs(
  { ids, headRef }: Refs,
  base: Base,
  limits: ExportLimits,
  leaveOut: (what: BytePath, why: string) => void,
): ReadonlyMap<BytePath, string> {
  const changed = [...ids].filter(([name, id]) => base.refs.ids.get(name) !== id);
  const rank = (name: BytePath): number => (name === headRef ? 0 : name.startsWith("refs/heads/") ? 1 : 2);
  changed.sort(([one], [other]) => rank(one) - rank(other));
  if (changed.length > limits.refs)
    leaveOut(bytePath("refs"), `there are ${changed.length} new ones, of which ${limits.refs} were taken`);
  return new Map(changed.slice(0, limits.refs));
}
