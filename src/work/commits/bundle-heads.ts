/** The refs that a bundle names, as `git bundle list-heads` prints them: names that an agent chose. */
import { type BytePath, latin1Path, shownPath } from "../../trees/byte-path.ts";
import type { LeftOut } from "../bounds/left-out.ts";
import { isIgnoredRef, isRefName } from "../git/ref-name.ts";

export interface BundleHeads {
  /** The commit of HEAD; undefined where the bundle does not name it. */
  readonly head: string | undefined;
  /** Refs that can all be made in one repository, by their names. */
  readonly refs: ReadonlyMap<BytePath, string>;
  /** Other refs, and why they are none of those. */
  readonly refused: readonly LeftOut[];
}

const LINE = /^([0-9a-f]{40}|[0-9a-f]{64}) (.+)$/;

/**
 * Reads the list.
 *
 * @param ignoresCase whether the repository is on a file system that takes `a` and `A` for the same name.
 */
export function readBundleHeads(
  list: Buffer,
  { ignoresCase }: { readonly ignoresCase: boolean },
): BundleHeads {
  let head: string | undefined;
  const refs = new Map<BytePath, string>();
  const refused: LeftOut[] = [];
  const taken = new Set<string>();
  const keyOf = (name: string): string => (ignoresCase ? name.toLowerCase() : name);
  const named = list
    .toString("latin1")
    .split("\n")
    .flatMap((line) => {
      const [, id, name] = LINE.exec(line) ?? [];
      return id === undefined || name === undefined
        ? []
        : [{ id, name: latin1Path(Buffer.from(name, "latin1")) }];
    })
    // A directory's name before those in it.
    .sort((one, other) => (keyOf(one.name) < keyOf(other.name) ? -1 : 1));
  for (const { id, name } of named) {
    if (name === "HEAD") {
      head = id;
      continue;
    }
    const why = fault(name, (other) => taken.has(keyOf(other)));
    if (why === undefined) {
      refs.set(name, id);
      taken.add(keyOf(name));
    } else refused.push({ what: shownPath(name), why });
  }
  return { head, refs, refused };
}

function fault(name: BytePath, isTaken: (name: string) => boolean): string | undefined {
  if (!isRefName(name)) return "its name is none that git accepts";
  if (isIgnoredRef(name)) return "it would replace other objects";
  if (isTaken(name)) return "its name differs from another one only in case";
  const parts = name.split("/");
  const above = parts.map((_, index) => parts.slice(0, index).join("/"));
  return above.some((part) => part !== "" && isTaken(part))
    ? "another ref's name is the beginning of its own"
    : undefined;
}
