/**
 * Removes a directory tree that a container could write, and that a process of another session may still be writing.
 *
 * Each directory is opened below its own directory and emptied through that descriptor, so a link that takes a
 * directory's place is removed and never followed. The process may add, move or close anything; the work is still
 * bounded: in descriptors, in passes over one directory, and in time.
 */
import { randomUUID } from "node:crypto";
import { basename, dirname } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { systemCode } from "../errors.ts";
import { type BytePath, bytePath, shownPath } from "./byte-path.ts";
import { type ListedEntry, TreeEntry } from "./tree-entry.ts";

/** Each open level holds two descriptors. Deeper directories are moved up to the root of the tree. */
const LEVELS = 30;

/** A directory whose entries come back as often as this is being written faster than it can be removed. */
const PASSES = 100;

/** About a millisecond's work. */
const OPERATIONS_PER_STEP = 64;

/** One attempt takes no longer than this: five minutes. */
const ATTEMPT_LIMIT_MS = 300_000;

/**
 * Removes a directory and everything below it, also directories that are unreadable, read-only or nested beyond what a
 * path can name. Links are removed, never followed. A directory that does not exist is removed already.
 *
 * Takes turns with other work of this thread. For trees that agentd or its git filled; what a session has filled goes
 * to a `Remover`.
 *
 * @throws Error that names what cannot be removed, or the tree when it is not removed within five minutes: what is left
 *   may be removed by another attempt.
 */
export async function removeTree(directory: string): Promise<void> {
  const steps = limited(directory, removalSteps(directory));
  for (let step = steps.next(); step.done !== true; step = steps.next()) await nextTurn();
}

/**
 * Removes a tree as `removeTree` does, without turns for other work: for a worker.
 *
 * @param onStep called after each millisecond or so of work, with the number of entries removed. Returns whether to go
 *   on.
 * @returns whether the tree is gone; not when `onStep` ended the work.
 */
export function removeTreeNow(directory: string, onStep: (entries: number) => boolean): boolean {
  for (const entries of limited(directory, removalSteps(directory))) if (!onStep(entries)) return false;
  return true;
}

function* limited(directory: string, steps: Iterable<number>): Generator<number, void, void> {
  const started = performance.now();
  for (const entries of steps) {
    if (performance.now() - started > ATTEMPT_LIMIT_MS)
      throw new Error(
        `${directory} still exists after ${ATTEMPT_LIMIT_MS / 1000} s; ${entries} of its entries are removed`,
      );
    yield entries;
  }
}

/** Yields how many entries are removed, every so often. */
function* removalSteps(directory: string): Generator<number, void, void> {
  let parent;
  try {
    parent = TreeEntry.root(dirname(directory));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  try {
    yield* new Removal(directory, parent).steps();
  } finally {
    parent[Symbol.dispose]();
  }
}

/** A directory that is being emptied. */
interface Level {
  readonly name: BytePath;
  readonly entry: TreeEntry;
  listing: Generator<ListedEntry>;
  passes: number;
  /** Whether this pass has removed anything or met a change, so that another pass may do more. */
  hasChanged: boolean;
  /** What keeps an entry from being removed. */
  failure: Error | undefined;
}

/** One attempt to remove one tree. */
class Removal {
  readonly #directory: string;
  readonly #parent: TreeEntry;
  /** From the root down; a list instead of calls, since a tree may be deeper than the stack. */
  readonly #levels: Level[] = [];
  #entries = 0;
  #operations = 0;

  constructor(directory: string, parent: TreeEntry) {
    this.#directory = directory;
    this.#parent = parent;
  }

  *steps(): Generator<number, void, void> {
    try {
      this.#enterRoot();
      for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
        const listed = this.#next(level);
        if (listed === undefined) this.#leave(level);
        else this.#remove(level, listed);
        if (++this.#operations % OPERATIONS_PER_STEP === 0) yield this.#entries;
      }
    } finally {
      for (const level of this.#levels) close(level);
    }
  }

  #enterRoot(): void {
    try {
      this.#enter(this.#parent, bytePath(basename(this.#directory)));
    } catch (error) {
      if (!isGone(error)) throw this.#failure(error);
    }
  }

  #next(level: Level): ListedEntry | undefined {
    try {
      const next = level.listing.next();
      return next.done === true ? undefined : next.value;
    } catch (error) {
      level.failure ??= this.#failure(error);
      return undefined;
    }
  }

  #remove(level: Level, { name, kind }: ListedEntry): void {
    try {
      openedUp(level.entry, () => {
        if (kind === "directory") this.#enter(level.entry, name);
        else this.#unlink(level, name);
      });
    } catch (error) {
      // Gone, or another entry took its name: the next pass removes that.
      if (isChange(error)) level.hasChanged = true;
      else level.failure ??= this.#failure(error, name);
    }
  }

  #unlink(level: Level, name: BytePath): void {
    level.entry.unlink(name);
    level.hasChanged = true;
    this.#entries += 1;
  }

  /** Continues with a directory; one that is too deep comes later, from the root. */
  #enter(parent: TreeEntry, name: BytePath): void {
    const entry = openDirectory(parent, name);
    if (entry === undefined) return;
    const [root] = this.#levels;
    if (root === undefined || this.#levels.length < LEVELS) {
      const listing = entry.entries();
      this.#levels.push({ name, entry, listing, passes: 1, hasChanged: false, failure: undefined });
      return;
    }
    entry[Symbol.dispose]();
    // Under a name that cannot be foreseen.
    parent.move(name, root.entry, bytePath(randomUUID()));
    root.hasChanged = true;
    root.passes = 0;
  }

  /** Removes a directory after a pass over it, or begins another pass. */
  #leave(level: Level): void {
    const above = this.#levels.at(-2);
    const parent = above?.entry ?? this.#parent;
    let { failure } = level;
    try {
      openedUp(parent, () => parent.removeDirectory(level.name));
      failure = undefined;
      this.#entries += 1;
    } catch (error) {
      const isFull = ["ENOTEMPTY", "EEXIST"].includes(systemCode(error) ?? "");
      // Only agentd has the directory above the root, so the full directory is the root itself.
      if (isFull && (level.hasChanged || (above === undefined && failure === undefined))) {
        this.#passAgain(level);
        return;
      }
      // Else something took its place or it went elsewhere, and another pass over the directory above will meet it.
      if (!isFull && !isChange(error)) failure ??= this.#failure(error);
    }
    this.#levels.pop();
    close(level);
    if (above === undefined && failure !== undefined) throw failure;
    if (above === undefined) return;
    if (failure === undefined) above.hasChanged = true;
    else above.failure ??= failure;
  }

  #passAgain(level: Level): void {
    if (level.passes >= PASSES)
      throw new Error(`${this.#shown()} is written to faster than it can be removed`);
    level.entry.setMode(0o700);
    level.listing = level.entry.entries();
    level.passes += 1;
    level.hasChanged = false;
    level.failure = undefined;
  }

  /** The system's messages name descriptors, which mean nothing to a reader. */
  #failure(cause: unknown, name?: BytePath): Error {
    return new Error(`${systemCode(cause) ?? String(cause)} at ${this.#shown(name)}`, { cause });
  }

  #shown(name?: BytePath): string {
    const below = this.#levels.slice(1).map((level) => level.name);
    return [this.#directory, ...[...below, ...(name === undefined ? [] : [name])].map(shownPath)].join("/");
  }
}

/** Opens a directory so that it can be emptied; undefined when it is gone. */
function openDirectory(parent: TreeEntry, name: BytePath): TreeEntry | undefined {
  const entry = parent.open(name);
  try {
    if (entry.stats.isDirectory()) {
      entry.setMode(0o700);
      return entry;
    }
  } catch (error) {
    entry[Symbol.dispose]();
    throw error;
  }
  entry[Symbol.dispose]();
  parent.unlink(name);
  return undefined;
}

/** Tries again with the mode that it needs, in case a process has changed it meanwhile. */
function openedUp(directory: TreeEntry, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (systemCode(error) !== "EACCES") throw error;
    directory.setMode(0o700);
    work();
  }
}

/** Whether a name's entry has changed since it was looked at. */
function isChange(error: unknown): boolean {
  return isGone(error) || ["EISDIR", "ENOTDIR"].includes(systemCode(error) ?? "");
}

function isGone(error: unknown): boolean {
  return systemCode(error) === "ENOENT";
}

function close({ listing, entry }: Level): void {
  listing.return(undefined);
  entry[Symbol.dispose]();
}
