/** Asks git what `.gitignore` files say, about one level of a tree after the other, in one process. */
import { execa } from "execa";
import { systemCode } from "../../errors.ts";
import { type BytePath, bytePath, joinBytes, parentOf } from "../../trees/byte-path.ts";
import { GitFailure } from "../../workspace/git.ts";
import { readSmall } from "../git/content.ts";
import type { OwnGit } from "../git/own-git.ts";
import type { Found } from "./known-changes.ts";
import type { TreeCopy } from "./tree-copy.ts";
import type { TreePaths } from "./tree-paths.ts";

const IGNORE_FILE = bytePath(".gitignore");
const IGNORE_BYTES = 1_048_576;

export interface IgnoreRulesOptions {
  /** A repository of agentd's own. */
  readonly repository: string;
  readonly git: OwnGit;
  readonly paths: TreePaths;
  /** Gets the `.gitignore` files, and the directories that are asked about. */
  readonly copy: TreeCopy;
}

/** The rules of one tree. Whoever made it closes it. */
export class IgnoreRules {
  readonly #options: IgnoreRulesOptions;
  readonly #prepared = new Set<string>();
  #hasRules = false;
  #process: GitProcess | undefined;

  constructor(options: IgnoreRulesOptions) {
    this.#options = options;
  }

  /** Sorts the entries of one level into those that are ignored and the others. @throws GitFailure when git ends. */
  async sort(entries: readonly Found[]): Promise<{ readonly kept: Found[]; readonly ignored: Found[] }> {
    for (const { path } of entries) this.#prepare(parentOf(path));
    if (!this.#hasRules) return { kept: [...entries], ignored: [] };
    // A pattern may be for directories only, and git looks for itself.
    for (const { path, kind } of entries) if (kind === "directory") this.#options.copy.tryDirectory(path);
    this.#process ??= startGit(this.#options);
    const answers = await this.#process.ask(entries.map(({ path }) => path));
    const isIgnored = (index: number): boolean => answers[index] === true;
    return {
      kept: entries.filter((_, index) => !isIgnored(index)),
      ignored: entries.filter((_, index) => isIgnored(index)),
    };
  }

  async close(): Promise<void> {
    await this.#process?.end();
  }

  /** Puts the `.gitignore` of a directory, and of those above it, to where git reads it. */
  #prepare(directory: BytePath): void {
    if (this.#prepared.has(directory)) return;
    this.#prepared.add(directory);
    if (directory !== "")
      this.#prepare(directory.slice(0, Math.max(0, directory.lastIndexOf("/"))) as BytePath);
    const { paths, copy } = this.#options;
    const path = directory === "" ? IGNORE_FILE : joinBytes(directory, IGNORE_FILE);
    const content = contentOf(paths, directory);
    if (content === undefined) return;
    this.#hasRules = true;
    copy.lend(path, content);
  }
}

/**
 * Undefined when there is none, or one that is too large to be meant. A directory that has gone meanwhile has none:
 * nothing will be taken from it either.
 */
function contentOf(paths: TreePaths, directory: BytePath): Buffer | undefined {
  try {
    using entry = paths.directory(directory).open(IGNORE_FILE);
    return entry.stats.isFile() ? readSmall(entry, IGNORE_BYTES) : undefined;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

interface GitProcess {
  /** For each path, whether it is ignored. */
  readonly ask: (paths: readonly BytePath[]) => Promise<boolean[]>;
  readonly end: () => Promise<void>;
}

/** Of an answer: the file, the line and the pattern that decided, and the path. */
const FIELDS = 4;

function startGit({ git, repository, copy }: IgnoreRulesOptions): GitProcess {
  const args = ["check-ignore", "--no-index", "--verbose", "--non-matching", "-z", "--stdin"];
  const { program, args: words, options } = git.command(args, { repository, workTree: copy.directory });
  const child = execa(program, words, {
    ...options,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "ignore",
    buffer: false,
    encoding: "buffer",
  });
  git.endInTime(child);
  const output = child.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest = "";
  let fields: string[] = [];
  const nextAnswer = async (): Promise<boolean> => {
    while (fields.length < FIELDS) {
      const next = await output.next();
      if (next.done === true) throw new GitFailure("git check-ignore ended");
      const parts = (rest + next.value.toString("latin1")).split("\0");
      rest = parts.pop() ?? "";
      fields = fields.concat(parts);
    }
    const pattern = fields[2] ?? "";
    fields = fields.slice(FIELDS);
    return pattern !== "" && !pattern.startsWith("!");
  };
  // A git that has ended shows in its output.
  child.stdin.on("error", () => undefined);
  return {
    ask: async (paths) => {
      // After `./` nothing is taken for pathspec magic.
      child.stdin.write(Buffer.from(paths.map((path) => `./${path}\0`).join(""), "latin1"));
      const answers: boolean[] = [];
      while (answers.length < paths.length) answers.push(await nextAnswer());
      return answers;
    },
    end: async () => {
      child.stdin.end();
      await child;
    },
  };
}
