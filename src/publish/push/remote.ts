/** The repository on a server that is published to, and what it has. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { removeTree } from "../../trees/remove-tree.ts";
import type { Git } from "../../workspace/git.ts";
import { type Access, ALLOWED_TRANSPORTS } from "../../workspace/git-clone.ts";
import { followingRedirects } from "../../workspace/redirects.ts";
import { parseRepositoryUrl } from "../../workspace/repository-url.ts";
import { TokenPipe } from "../../workspace/token-pipe.ts";
import { pushFailure } from "./push-failure.ts";

export interface RemoteOptions {
  readonly url: string;
  /** The password for an https server; undefined: none is sent. */
  readonly token: string | undefined;
  /** The variable that holds it, for messages; undefined: none is configured. */
  readonly tokenSource: string | undefined;
  /** The repository on this host that is pushed from. */
  readonly repository: string;
  /** Directory of agentd's own: a directory for the token's pipe is made in it, and removed. */
  readonly scratch: string;
  readonly git: Git;
  readonly signal: AbortSignal;
  /** Of each run of git. */
  readonly deadlineMs: number;
}

/** Branches of a server, by their names without `refs/heads/`. */
export interface RemoteBranches {
  /** The ids of those that were asked for and exist. */
  readonly ids: ReadonlyMap<string, string>;
  /** The one that HEAD names; undefined where it names none. */
  readonly default: string | undefined;
}

const HEADS = "refs/heads/";

/** One server, with a token for it. Git is started here only, without following a redirect to another host. */
export class Remote {
  readonly #options: RemoteOptions;

  constructor(options: RemoteOptions) {
    this.#options = options;
  }

  /** @throws AgentdError `publish_failed`; the signal's reason. */
  async branches(names: readonly string[]): Promise<RemoteBranches> {
    const refs = names.map((name) => `${HEADS}${name}`);
    const output = await this.#ask("ask", (url) => ["ls-remote", "--symref", "--", url, "HEAD", ...refs]);
    const ids = new Map<string, string>();
    let head: string | undefined;
    for (const line of output.split("\n")) {
      const [what = "", name = ""] = line.split("\t");
      if (name === "HEAD" && what.startsWith(`ref: ${HEADS}`)) head = what.slice(`ref: ${HEADS}`.length);
      // Git matches the ends of names.
      if (refs.includes(name)) ids.set(name.slice(HEADS.length), what);
    }
    return { ids, default: head };
  }

  /**
   * Sets a branch to a commit: a new one, or forward. Never by force.
   *
   * @throws AgentdError `publish_refused` when the server refuses, `publish_failed`; the signal's reason.
   */
  async push(commit: string, branch: string): Promise<void> {
    const how = ["--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--no-signed"];
    await this.#ask("push", (url) => ["push", ...how, "--", url, `${commit}:${HEADS}${branch}`], branch);
  }

  /**
   * Fetches into the repository on this host.
   *
   * @param what refspecs, or ids of commits.
   * @throws AgentdError `publish_failed`; the signal's reason.
   */
  async fetch(what: readonly string[]): Promise<void> {
    const how = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-gc"];
    await this.#ask("ask", (url) => ["fetch", ...how, "--", url, ...what]);
  }

  async #ask(
    doing: "ask" | "push",
    args: (url: string) => readonly string[],
    branch?: string,
  ): Promise<string> {
    const { url, token, tokenSource, repository, scratch, git, signal, deadlineMs } = this.#options;
    const remote = parseRepositoryUrl(url);
    const directory = join(scratch, "publish");
    let pipe: TokenPipe | undefined;
    try {
      // A dead daemon may have left one.
      await removeTree(directory);
      await mkdir(directory, { mode: 0o700 });
      pipe = token === undefined ? undefined : await TokenPipe.open(directory, remote, token);
      const access: Access = { repository: remote, token: pipe, git, signal, deadlineMs };
      const { result } = await followingRedirects(access, directory, (where) =>
        git(["--git-dir", repository, ...args(where.repository.url)], {
          ...{ directory, signal, deadlineMs, token: pipe },
          protocols: ALLOWED_TRANSPORTS[where.repository.protocol],
        }),
      );
      return result;
    } catch (error) {
      signal.throwIfAborted();
      throw pushFailure({ doing, repository: remote, branch, tokenSource }, error);
    } finally {
      await pipe?.close();
      await removeTree(directory);
    }
  }
}
