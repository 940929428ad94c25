/**
 * Walks a tree that a container has filled, and copies the regular files that globs match. It goes into no directory that
 * no glob can match in, and follows no link.
 */
import { closeSync, fstatSync } from "node:fs";
import { saysDiskFull } from "../../disk-full.ts";
import type { GlobState, GlobStep, PathGlobs } from "../../path-globs.ts";
import { kindOf } from "../../regular-file.ts";
import { type BytePath, fsPath, joinBytes } from "../../trees/byte-path.ts";
import type { EntryKind, TreeEntry } from "../../trees/tree-entry.ts";
import type { Pace } from "../bounds/pace.ts";
import { isGitDirectory, listReadable, tooFar, whyNotTaken } from "../files/known-changes.ts";
import { type Budget, copyBytes, openReadable } from "../git/content.ts";
import type { ArtifactDirectory } from "./artifact-directory.ts";
import type { ArtifactLimits } from "./artifact-limits.ts";

/** What was copied so far, of all trees. */
export interface Tally {
  files: number;
  /** Of all their content. */
  bytes: number;
  /** Names that were looked at. */
  looked: number;
  /** Patterns of which a file was copied. */
  readonly matched: Set<string>;
}

export interface WalkOptions {
  readonly globs: PathGlobs;
  /** Of each row of the globs. */
  readonly patterns: readonly string[];
  /** Names of the root that are passed over without a word. */
  readonly without: ReadonlySet<string>;
  /** Names of the root that cannot be kept, and why. */
  readonly refused: ReadonlyMap<string, string>;
  readonly limits: ArtifactLimits;
  readonly budget: Budget;
  readonly pace: Pace;
  readonly tally: Tally;
  readonly leaveOut: (what: BytePath, why: string) => void;
}

const OWNER_EXECUTES = 0o100;
const IS_ASCII = /^[ -~]*$/;

/** There is more to look at or to copy than is allowed: what came before stays. */
export class WalkEnded extends Error {
  override readonly name = "WalkEnded";
}

/** The walk of one tree. */
export class ArtifactWalk {
  readonly #options: WalkOptions;

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  /**
   * Copies what matches.
   *
   * @param into made with its parents when there is a file for it.
   * @param path of `into` among the artifacts; undefined for the uppermost.
   * @throws WalkEnded; the system's error where the root cannot be read; the reason of the pace's signal.
   */
  async copy(root: TreeEntry, into: ArtifactDirectory, path: BytePath | undefined): Promise<void> {
    const { globs, without, refused, leaveOut } = this.#options;
    const found = (await this.#list(root, path, globs.start)).filter(({ name }) => !without.has(name));
    for (const { name, path: below } of found) {
      const why = refused.get(name);
      if (why !== undefined) leaveOut(below, why);
    }
    const own = found.filter(({ name }) => !refused.has(name));
    await this.#takeAll(root, into, own);
  }

  /** What matches in a directory, or may match below it; in the order of their names' bytes. */
  async #list(directory: TreeEntry, path: BytePath | undefined, state: GlobState): Promise<Found[]> {
    const { globs, limits, pace, tally } = this.#options;
    const found: Found[] = [];
    for (const { name, kind } of listReadable(directory)) {
      await pace.step();
      tally.looked += 1;
      if (tally.looked > limits.entries)
        throw new WalkEnded(`there are more than ${limits.entries} names to look at`);
      const step = globs.step(state, shownName(name));
      if (step.matched.length > 0 || isWayDown(kind, step))
        found.push({ name, kind, step, path: path === undefined ? name : joinBytes(path, name) });
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async #takeAll(directory: TreeEntry, into: ArtifactDirectory, found: readonly Found[]): Promise<void> {
    const { pace, leaveOut } = this.#options;
    for (const each of found) {
      await pace.step();
      try {
        await this.#take(directory, into, each);
      } catch (error) {
        pace.signal.throwIfAborted();
        // Of a full disk: tried again as a whole.
        if (error instanceof WalkEnded || saysDiskFull(error)) throw error;
        leaveOut(each.path, whyNotTaken(error));
      }
    }
  }

  async #take(directory: TreeEntry, into: ArtifactDirectory, { name, path, step }: Found): Promise<void> {
    const { limits, leaveOut } = this.#options;
    const far = tooFar(path, limits);
    if (far !== undefined) {
      leaveOut(path, far);
      return;
    }
    if (isGitDirectory(name)) {
      leaveOut(path, "it is a repository of its own");
      return;
    }
    using entry = directory.open(name);
    if (entry.stats.isDirectory()) {
      if (step.below.length === 0) return;
      using below = into.directory(name);
      await this.#takeAll(entry, below, await this.#list(entry, path, step.below));
    } else if (entry.stats.isFile()) {
      if (step.matched.length > 0) await this.#copy(entry, into, name, step);
    } else if (entry.stats.isSymbolicLink())
      leaveOut(path, "it is a symbolic link, and links are not followed");
    else if (step.matched.length > 0) leaveOut(path, `it is a ${kindOf(entry.stats)}`);
  }

  async #copy(entry: TreeEntry, into: ArtifactDirectory, name: BytePath, step: GlobStep): Promise<void> {
    const { limits, budget, pace, tally, patterns } = this.#options;
    if (tally.files >= limits.files) throw new WalkEnded(`there are more than ${limits.files} files`);
    const content = openReadable(entry);
    try {
      const { size, mode } = fstatSync(content);
      budget.take(size);
      const own = (mode & OWNER_EXECUTES) === 0 ? 0o600 : 0o700;
      tally.bytes += await into.file(name, own, (copy) => copyBytes(content, size, pace, copy));
      tally.files += 1;
      for (const row of step.matched) tally.matched.add(patterns[row] ?? "");
    } finally {
      closeSync(content);
    }
  }
}

interface Found {
  readonly name: BytePath;
  readonly kind: EntryKind;
  readonly step: GlobStep;
  readonly path: BytePath;
}

/** Where a pattern names a directory and there is a link, an operator has to learn that it is not followed. */
function isWayDown(kind: EntryKind, step: GlobStep): boolean {
  if (step.below.length === 0) return false;
  return kind === "directory" || (kind === "link" && step.isNamed);
}

/** A name as globs see it: a byte that is no UTF-8 is a character that nobody writes. */
function shownName(name: BytePath): string {
  return IS_ASCII.test(name) ? name : fsPath(name).toString("utf8");
}
