/**
 * Copies the files that a profile names as artifacts, from a session's clone and its home, into files of agentd's own.
 *
 * Both trees are hostile, and may still be written: they are walked by descriptors, and no link is followed.
 */
import { saysDiskFull } from "../../disk-full.ts";
import { Flusher } from "../../flusher.ts";
import { type GlobRow, globRows, PathGlobs } from "../../path-globs.ts";
import { syncFileSystem } from "../../sync-file-system.ts";
import { type BytePath, bytePath } from "../../trees/byte-path.ts";
import { removeTree } from "../../trees/remove-tree.ts";
import { TreeEntry } from "../../trees/tree-entry.ts";
import { type LeftOut, LeftOutList } from "../bounds/left-out.ts";
import { Pace } from "../bounds/pace.ts";
import { whyNotTaken } from "../files/known-changes.ts";
import { Budget } from "../git/content.ts";
import { ArtifactDirectory } from "./artifact-directory.ts";
import type { ArtifactLimits } from "./artifact-limits.ts";
import { ArtifactWalk, type Tally, WalkEnded } from "./artifact-walk.ts";

/** Everything as plain data, so that another thread can be asked. */
export interface ArtifactsRequest {
  /** The session's tree. Its own path must be agentd's: only what is in it may be anybody's. */
  readonly repoDirectory: string;
  /** The session's home, likewise; undefined where there is none any more. */
  readonly homeDirectory: string | undefined;
  /** Globs that the profile's rules have accepted. */
  readonly patterns: readonly string[];
  /** Made when there is a file to copy; what an earlier attempt has made there is removed. Its parent exists. */
  readonly outDirectory: string;
}

/** What was copied; part of `work/summary.json`. */
export interface ArtifactsSummary {
  readonly files: number;
  /** Of all their content. */
  readonly bytes: number;
  /** Patterns of which no file was copied. */
  readonly unmatched: readonly string[];
  /** Paths as they would be in the directory of the artifacts: in the clone, or below `~` for the home. */
  readonly left_out: readonly LeftOut[];
  /** How many things were left out, also those that are not listed. */
  readonly left_out_count: number;
}

/** The directory of files from the home, which no file of the clone can be in. */
export const HOME = bytePath("~");

/** One of the two trees. */
interface Part {
  /** Undefined where there is none. */
  readonly directory: string | undefined;
  readonly rows: readonly WrittenRow[];
  /** Where its files go among the artifacts; undefined where they keep their paths. */
  readonly path: BytePath | undefined;
  /** Names of its root that are none of its own files. */
  readonly without: ReadonlySet<string>;
  readonly refused: ReadonlyMap<string, string>;
}

interface WrittenRow {
  /** As the profile has it. */
  readonly pattern: string;
  /** From the root of its tree. */
  readonly row: GlobRow;
}

/** The repository, and where the session's record was mounted. */
const NOT_OF_THE_CLONE = new Set([".git", ".runa"]);
/** Where the clone was mounted. */
const NOT_OF_THE_HOME = new Set(["repo"]);
const REFUSED_OF_THE_CLONE = new Map([[HOME, "among the artifacts, this name stands for the home"]]);

/** Of what was not reached. */
const REST = bytePath(".");

/**
 * Copies files into `outDirectory`: those of the clone under their paths in it, those of the home below `~`. What cannot
 * be copied is left out, with the reason. All of it is durable when this resolves.
 *
 * @throws the signal's reason when it is aborted; Error when `outDirectory` cannot be removed or made durable.
 */
export async function collectArtifacts(
  request: ArtifactsRequest,
  limits: ArtifactLimits,
  signal: AbortSignal,
): Promise<ArtifactsSummary> {
  await removeTree(request.outDirectory);
  const collection = new Collection(request, limits, signal);
  return await collection.run();
}

class Collection {
  readonly #request: ArtifactsRequest;
  readonly #limits: ArtifactLimits;
  readonly #signal: AbortSignal;
  readonly #time: AbortSignal;
  readonly #pace: Pace;
  readonly #budget: Budget;
  readonly #leftOut: LeftOutList;
  readonly #tally: Tally = { files: 0, bytes: 0, looked: 0, matched: new Set() };

  constructor(request: ArtifactsRequest, limits: ArtifactLimits, signal: AbortSignal) {
    this.#request = request;
    this.#limits = limits;
    this.#signal = signal;
    this.#time = AbortSignal.timeout(Math.max(0, Math.floor(limits.timeMs)));
    this.#pace = new Pace(AbortSignal.any([signal, this.#time]), limits.timeMs);
    this.#budget = new Budget(limits.bytes);
    this.#leftOut = new LeftOutList(limits.leftOut);
  }

  async run(): Promise<ArtifactsSummary> {
    const { patterns, outDirectory } = this.#request;
    using flusher = new Flusher();
    await this.#copyAll(flusher);
    if (!flusher.flush()) await syncFileSystem(outDirectory);
    const { files, bytes, matched } = this.#tally;
    return {
      files,
      bytes,
      unmatched: patterns.filter((pattern) => !matched.has(pattern)),
      left_out: this.#leftOut.entries,
      left_out_count: this.#leftOut.count,
    };
  }

  async #copyAll(flusher: Flusher): Promise<void> {
    using out = ArtifactDirectory.uppermost(this.#request.outDirectory, flusher);
    try {
      for (const part of parts(this.#request)) await this.#copyPart(part, out);
    } catch (error) {
      this.#signal.throwIfAborted();
      if (!(error instanceof WalkEnded) && !this.#time.aborted) throw error;
      const why = error instanceof WalkEnded ? error.message : "it takes too long";
      this.#leftOut.add(REST, `${why}; others were not looked at`);
    }
  }

  async #copyPart(part: Part, out: ArtifactDirectory): Promise<void> {
    const { directory, rows, path, without, refused } = part;
    if (rows.length === 0) return;
    const walk = new ArtifactWalk({
      globs: new PathGlobs(rows.map(({ row }) => row)),
      patterns: rows.map(({ pattern }) => pattern),
      ...{ without, refused },
      limits: this.#limits,
      budget: this.#budget,
      pace: this.#pace,
      tally: this.#tally,
      leaveOut: (what, why) => this.#leftOut.add(what, why),
    });
    if (directory === undefined) {
      this.#leftOut.add(path ?? REST, "it is not there any more");
      return;
    }
    try {
      using root = TreeEntry.root(directory);
      if (path === undefined) await walk.copy(root, out, path);
      else {
        using into = out.directory(path);
        await walk.copy(root, into, path);
      }
    } catch (error) {
      if (error instanceof WalkEnded || saysDiskFull(error) || this.#pace.signal.aborted) throw error;
      this.#leftOut.add(path ?? REST, whyNotTaken(error));
    }
  }
}

/** The clone and the home, each with its own patterns. */
function parts({ patterns, repoDirectory, homeDirectory }: ArtifactsRequest): Part[] {
  const written = patterns.flatMap((pattern) => globRows(pattern).map((row) => ({ pattern, row })));
  const isOfHome = ({ row: [first] }: WrittenRow): boolean => first === HOME;
  return [
    {
      directory: repoDirectory,
      rows: written.filter((each) => !isOfHome(each)),
      path: undefined,
      without: NOT_OF_THE_CLONE,
      refused: REFUSED_OF_THE_CLONE,
    },
    {
      directory: homeDirectory,
      rows: written.filter(isOfHome).map(({ pattern, row }) => ({ pattern, row: row.slice(1) })),
      path: HOME,
      without: NOT_OF_THE_HOME,
      refused: new Map(),
    },
  ];
}
