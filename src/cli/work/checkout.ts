/**
 * The operator's checkout, into which a session's work is brought. Git runs in it as the operator has set it up, with
 * the operator's own hooks and filters; nothing that an agent wrote is one.
 */
import { execa } from "execa";
import type { Environment } from "../../environment.ts";
import { AgentdError } from "../../errors.ts";

/** What one run of git gets. */
export interface GitInput {
  /** Variables besides the operator's. */
  readonly env?: Environment;
  readonly input?: Buffer;
}

export interface GitAnswer {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Where HEAD is: on a branch, detached, or on a branch without commits. */
export interface Position {
  /** Full name of the branch; undefined when HEAD is detached. */
  readonly branch: string | undefined;
  /** Undefined when there is no commit yet. */
  readonly commit: string | undefined;
}

/**
 * The checkout of the current directory.
 *
 * @param tried what for, as a phrase after "cannot".
 * @throws AgentdError `checkout_unusable` when there is none, it is bare, or its index has changes.
 */
export async function checkoutHere(tried: string, environment: Environment): Promise<Checkout> {
  const outside = new Checkout(tried, environment, ".");
  const top = await outside.try(["rev-parse", "--show-toplevel"]);
  if (top.exitCode !== 0) {
    const isBare = (await outside.try(["rev-parse", "--is-bare-repository"])).stdout.toString() === "true\n";
    throw outside.unusable(
      isBare ? "the repository here is bare and has no files" : lastWords(top.stderr),
      "Change to a checkout of the session's repository, and run the command there.",
    );
  }
  const checkout = new Checkout(tried, environment, top.stdout.toString("utf8").replace(/\n$/, ""));
  const { exitCode } = await checkout.try(["diff", "--cached", "--quiet"]);
  if (exitCode === 0) return checkout;
  throw checkout.unusable(
    "changes are staged in the index here",
    "Commit or unstage them first; `git status` lists them.",
  );
}

export class Checkout {
  readonly #tried: string;
  readonly #environment: Environment;
  readonly #directory: string;

  /** Use `checkoutHere`. @param directory that git runs in: in a subdirectory, `git apply` leaves out what is above. */
  constructor(tried: string, environment: Environment, directory: string) {
    this.#tried = tried;
    this.#environment = environment;
    this.#directory = directory;
  }

  /** Runs git, and resolves with what it says, also when it fails. @throws AgentdError when it cannot be started. */
  async try(args: readonly string[], { env = {}, input }: GitInput = {}): Promise<GitAnswer> {
    const { exitCode, stdout, stderr } = await execa("git", args, {
      cwd: this.#directory,
      env: { ...this.#environment, ...env, LC_ALL: "C" },
      extendEnv: false,
      reject: false,
      encoding: "buffer",
      stripFinalNewline: false,
      ...(input === undefined ? { stdin: "ignore" as const } : { input }),
    });
    if (exitCode === undefined) throw this.unusable("git cannot be started", "Install git.");
    return { exitCode, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr).toString("utf8") };
  }

  /**
   * Runs git and resolves with its standard output.
   *
   * @throws AgentdError `checkout_unusable` with git's words and this advice when it fails.
   */
  async git(args: readonly string[], advice: string, input: GitInput = {}): Promise<Buffer> {
    const { exitCode, stdout, stderr } = await this.try(args, input);
    if (exitCode === 0) return stdout;
    throw this.unusable(lastWords(stderr), advice);
  }

  /** The commit that a ref or id leads to; undefined when it is not here. */
  async commitOf(name: string): Promise<string | undefined> {
    const answer = await this.try([
      "rev-parse",
      "--verify",
      "--quiet",
      "--end-of-options",
      `${name}^{commit}`,
    ]);
    return answer.exitCode === 0 ? answer.stdout.toString().trim() : undefined;
  }

  /** Whether the history of one commit has another. */
  async contains(commit: string, other: string): Promise<boolean> {
    return (await this.try(["merge-base", "--is-ancestor", other, commit])).exitCode === 0;
  }

  /** How many commits the history of `head` has that that of `base` has not; all of them where that is null. */
  async countCommits(head: string, base: string | null): Promise<number> {
    const count = await this.git(
      ["rev-list", "--count", head, ...(base === null ? [] : [`^${base}`])],
      "Check the repository with `git fsck`.",
    );
    return Number(count.toString());
  }

  async position(): Promise<Position> {
    const { exitCode, stdout } = await this.try(["symbolic-ref", "--quiet", "HEAD"]);
    return {
      branch: exitCode === 0 ? stdout.toString("utf8").trim() : undefined,
      commit: await this.commitOf("HEAD"),
    };
  }

  unusable(why: string, next: string): AgentdError {
    return new AgentdError("checkout_unusable", { tried: this.#tried, why, next });
  }
}

/** The most of git's lines that an error repeats. */
const MOST_LINES = 5;

/** What git says went wrong, in one line. */
export function lastWords(stderr: string): string {
  const said = stderr
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^hint:/.test(line))
    .map((line) => line.trim().replace(/^(fatal|error|warning): /, ""));
  return `git says: ${said.slice(0, MOST_LINES).join("; ") || "nothing"}`;
}
