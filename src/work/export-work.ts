/**
 * Takes an agent's work out of its repository: its commits as a bundle, the difference to its files as a patch, and a
 * summary of both.
 *
 * The repository is hostile by now, and may still be written. Git never runs in it and never reads it: what is exported is
 * copied first, by descriptors, to repositories of agentd's own.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { saysDiskFull } from "../disk-full.ts";
import { syncDirectory, syncFile } from "../durable-files.ts";
import { systemCode } from "../errors.ts";
import { ifThere } from "../if-there.ts";
import { type BytePath, bytePath, shownPath } from "../trees/byte-path.ts";
import { removeTree } from "../trees/remove-tree.ts";
import { TreeEntry } from "../trees/tree-entry.ts";
import { DeadlineExceeded, GitFailure } from "../workspace/git.ts";
import { ARTIFACT_LIMITS } from "./artifacts/artifact-limits.ts";
import {
  type ArtifactsRequest,
  type ArtifactsSummary,
  collectArtifacts,
} from "./artifacts/collect-artifacts.ts";
import { type Base, makeBorrower, readBase } from "./base/base.ts";
import { LeftOutList } from "./bounds/left-out.ts";
import { DEFAULT_LIMITS, type ExportLimits, NotExported } from "./bounds/limits.ts";
import { Pace } from "./bounds/pace.ts";
import { exportCommits, type NewCommits } from "./commits/commits.ts";
import {
  changedRefs,
  hasGitDirectory,
  openGitDirectory,
  readSessionRefs,
} from "./commits/session-repository.ts";
import { countUncommitted, type FinalTreeRequest, takeFinalTree } from "./files/final-tree.ts";
import { type Differences, NO_DIFFERENCES, writePatch } from "./files/patch.ts";
import { OwnGit } from "./git/own-git.ts";
import type { Refs } from "./git/refs.ts";
import { BUNDLE_FILE, PATCH_FILE, SUMMARY_FILE, type WorkSummary } from "./summary.ts";

/** Everything as plain data, so that another thread can be asked. */
export interface ExportRequest {
  /** The session's tree, with its `.git`. Its own path must be agentd's: only what is in it may be anybody's. */
  readonly repoDirectory: string;
  /** What `keepBase` has made. */
  readonly baseDirectory: string;
  /** Removed and made anew; `checked.git` in it stays, with the base and the commits that were exported. */
  readonly scratchDirectory: string;
  /** Made where it is missing; what an earlier attempt has written there is removed. */
  readonly outDirectory: string;
  /** Which files to copy besides; undefined or without patterns copies none. They share the limits. */
  readonly artifacts?: Omit<ArtifactsRequest, "repoDirectory"> | undefined;
  readonly limits?: Partial<ExportLimits> | undefined;
  /** The whole environment of git, as `gitEnvironment` makes it. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface WorkExport {
  readonly summary: WorkSummary;
  /** What an operator should know, as sentences. */
  readonly warnings: readonly string[];
  /** How many times git was started. */
  readonly gitStarts: number;
}

/** In the scratch directory: a bare repository that was checked, with the final tree as its index. */
export const CHECKED_REPOSITORY = "checked.git";

const NO_COMMITS: NewCommits = { count: 0, listed: [], bundleBytes: undefined, tips: [] };

/**
 * Writes `summary.json`, `changes.patch` and, where there are new objects, `commits.bundle`. What cannot be exported is
 * left out, with the reason in the summary. The files are durable when this resolves.
 *
 * @throws Error when there is no base, a disk is full or nothing can be written; the signal's reason when it is aborted.
 */
export async function exportWork(request: ExportRequest, signal: AbortSignal): Promise<WorkExport> {
  const { baseDirectory, scratchDirectory, outDirectory } = request;
  const limits = { ...DEFAULT_LIMITS, ...request.limits };
  const base = readBase(baseDirectory);
  await removeTree(scratchDirectory);
  await mkdir(scratchDirectory, { recursive: true, mode: 0o700 });
  await mkdir(outDirectory, { recursive: true, mode: 0o700 });
  for (const name of [SUMMARY_FILE, PATCH_FILE, BUNDLE_FILE])
    await rm(join(outDirectory, name), { force: true });
  await makeBorrower(base, join(scratchDirectory, CHECKED_REPOSITORY));
  const work = new Work(request, base, limits, signal);
  const exported = await work.export();
  await makeDurable(outDirectory);
  return exported;
}

/** All at once: the file system then waits for the disk once or twice, and not for each file. */
async function makeDurable(directory: string): Promise<void> {
  const files = [SUMMARY_FILE, PATCH_FILE, BUNDLE_FILE].map((name) =>
    ifThere(syncFile(join(directory, name))),
  );
  await Promise.all([...files, syncDirectory(directory), syncDirectory(dirname(directory))]);
}

/** One export. */
class Work {
  readonly #request: ExportRequest;
  readonly #base: Base;
  readonly #limits: ExportLimits;
  readonly #signal: AbortSignal;
  readonly #leftOut: LeftOutList;
  readonly #warnings: string[] = [];
  readonly #ends: number;
  #gitStarts = 0;

  constructor(request: ExportRequest, base: Base, limits: ExportLimits, signal: AbortSignal) {
    this.#request = request;
    this.#base = base;
    this.#limits = limits;
    this.#signal = signal;
    this.#leftOut = new LeftOutList(limits.leftOut);
    this.#ends = performance.now() + limits.timeMs;
  }

  async export(): Promise<WorkExport> {
    using root = TreeEntry.root(this.#request.repoDirectory);
    let refs: Refs | undefined;
    let changed: ReadonlyMap<BytePath, string> = new Map();
    const commits = await this.#attempt("commits", this.#limits.timeMs / 2, async (tools) => {
      if (this.#base.commit === undefined && !hasGitDirectory(root)) return NO_COMMITS;
      using gitDirectory = openGitDirectory(root);
      refs = readSessionRefs(gitDirectory, this.#base, this.#limits, tools.leaveOut);
      changed = changedRefs(refs, this.#base, this.#limits, tools.leaveOut);
      return await exportCommits({ ...tools, gitDirectory, refs, changed });
    });
    const head = this.#knownHead(refs, commits ?? NO_COMMITS);
    const files = await this.#attempt("files", this.#ends - this.#artifactsMs - performance.now(), (tools) =>
      this.#exportFiles({ ...tools, root, head }, commits?.bundleBytes ?? 0),
    );
    const artifacts = await this.#copyArtifacts((commits?.bundleBytes ?? 0) + (files?.patchBytes ?? 0));
    const summary: WorkSummary = {
      base: this.#base.commit ?? null,
      head: {
        commit: refs?.headId ?? null,
        branch: refs?.headRef === undefined ? null : shownPath(refs.headRef),
      },
      branches: [...changed].map(([name, commit]) => ({
        name: shownPath(name),
        commit,
        is_new: !this.#base.refs.ids.has(name),
      })),
      commit_count: commits?.count ?? null,
      commits: commits?.listed ?? [],
      files_changed: files?.filesChanged ?? null,
      insertions: files?.insertions ?? null,
      deletions: files?.deletions ?? null,
      uncommitted: files?.uncommitted ?? null,
      patch_bytes: files?.patchBytes ?? null,
      bundle_bytes: commits?.bundleBytes ?? null,
      artifacts,
      left_out: this.#leftOut.entries,
      left_out_count: this.#leftOut.count,
    };
    const text = `${JSON.stringify(summary, undefined, 2)}\n`;
    await writeFile(join(this.#request.outDirectory, SUMMARY_FILE), text, { flag: "wx", mode: 0o600 });
    if (this.#leftOut.count > this.#warnings.length)
      this.#warnings.push("Some of the session's work was left out; summary.json says what, and why.");
    return { summary, warnings: this.#warnings, gitStarts: this.#gitStarts };
  }

  /** Runs one part; when it fails, the summary says why, nothing of it is left, and the other part goes on. */
  async #attempt<T>(
    part: "commits" | "files",
    timeMs: number,
    work: (tools: Tools) => Promise<T>,
  ): Promise<T | undefined> {
    const { scratchDirectory, outDirectory, environment } = this.#request;
    const { bytes, memoryBytes } = this.#limits;
    const time = AbortSignal.timeout(Math.max(0, Math.floor(timeMs)));
    const pace = new Pace(AbortSignal.any([this.#signal, time]), timeMs);
    const git = new OwnGit({ environment, pace, memoryBytes, bytes });
    const output = join(outDirectory, part === "commits" ? BUNDLE_FILE : PATCH_FILE);
    try {
      return await work({
        base: this.#base,
        checked: join(scratchDirectory, CHECKED_REPOSITORY),
        scratch: scratchDirectory,
        output,
        limits: this.#limits,
        git,
        pace,
        leaveOut: (what, why) => this.#leftOut.add(what, why),
      });
    } catch (error) {
      this.#signal.throwIfAborted();
      await rm(output, { force: true });
      // Nobody's fault: it is worth another attempt.
      if (saysDiskFull(error)) throw error;
      const why = time.aborted ? "it takes too long" : reason(error);
      this.#leftOut.add(bytePath(part), why);
      this.#warnings.push(
        `The session's ${part === "commits" ? "commits" : "changed files"} were not exported: ${why}.`,
      );
      return undefined;
    } finally {
      this.#gitStarts += git.starts;
    }
  }

  async #exportFiles(request: FinalTreeRequest & Tools, bundleBytes: number): Promise<Files> {
    const isChanged = await takeFinalTree(request);
    if (!isChanged) await writeFile(request.output, "", { flag: "wx", mode: 0o600 });
    const { commit, tree } = this.#base;
    const isAtBase = !isChanged && request.head === tree;
    const [differences, uncommitted] = await Promise.all([
      isChanged
        ? writePatch({ ...request, commit: tree, bytes: this.#limits.bytes - bundleBytes })
        : NO_DIFFERENCES,
      isAtBase ? 0 : countUncommitted(request),
    ]);
    // Where there are no commits at all, nothing is committed.
    const hasNone = request.head === undefined && commit === undefined;
    return { ...differences, uncommitted: hasNone ? differences.filesChanged : uncommitted };
  }

  /** Time that only the artifacts have. */
  get #artifactsMs(): number {
    return isAskedFor(this.#request.artifacts) ? this.#limits.timeMs / 4 : 0;
  }

  /** Copies the artifacts, with what the commits and the patch have left of the limits; null when none are asked for. */
  async #copyArtifacts(usedBytes: number): Promise<ArtifactsSummary | null> {
    const { artifacts, repoDirectory } = this.#request;
    if (!isAskedFor(artifacts)) return null;
    const bytes = Math.max(0, this.#limits.bytes - usedBytes);
    const limits = { ...ARTIFACT_LIMITS, bytes, timeMs: this.#ends - performance.now() };
    const summary = await collectArtifacts({ ...artifacts, repoDirectory }, limits, this.#signal);
    if (summary.left_out_count > 0)
      this.#warnings.push("Some of the session's artifacts were left out; summary.json says which, and why.");
    return summary;
  }

  /** The commit of HEAD, where the checked repository has it. */
  #knownHead(refs: Refs | undefined, { tips }: NewCommits): string | undefined {
    const id = refs?.headId;
    if (id === undefined) return undefined;
    const isKnown = id === this.#base.commit || [...this.#base.refs.ids.values(), ...tips].includes(id);
    return isKnown ? id : undefined;
  }
}

function isAskedFor(
  artifacts: ExportRequest["artifacts"],
): artifacts is NonNullable<ExportRequest["artifacts"]> {
  return artifacts !== undefined && artifacts.patterns.length > 0;
}

/** What each part works with. */
interface Tools {
  readonly base: Base;
  readonly checked: string;
  readonly scratch: string;
  /** The file it writes. */
  readonly output: string;
  readonly limits: ExportLimits;
  readonly git: OwnGit;
  readonly pace: Pace;
  readonly leaveOut: (what: BytePath, why: string) => void;
}

type Files = Differences & { readonly uncommitted: number | undefined };

const REASON_CHARACTERS = 500;

function reason(error: unknown): string {
  if (error instanceof NotExported) return error.message;
  if (error instanceof DeadlineExceeded) return "it takes too long";
  const text =
    error instanceof GitFailure ? `git says: ${error.output.trim()}` : (systemCode(error) ?? String(error));
  return shownPath(bytePath(text.replaceAll("\n", " "))).slice(0, REASON_CHARACTERS);
}
