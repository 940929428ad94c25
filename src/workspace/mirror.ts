/**
 * A bare repository of ours that remembers the objects of one on a server.
 *
 * It only lends objects: every clone asks the server, with the session's own token, which branches and tags there are
 * and for all objects that the mirror does not have. So a mirror never gives a session what the server would not
 * have given it, an object that the mirror lacks is never missing in a clone, and a damaged mirror can be thrown away.
 */
import { rename } from "node:fs/promises";
import { lock } from "proper-lockfile";
import { systemCode } from "../errors.ts";
import { ifThere } from "../if-there.ts";
import { GitFailure } from "./git.ts";
import { type Access, onThisHost } from "./git-clone.ts";
import { listObjects, RepositoryDamaged } from "./object-files.ts";

/** A lock's holder that has not touched it for this long is dead. */
export const LOCK_STALE_MS = 10_000;

/** More packs than this make git slow; it is where `git gc` starts, too. */
const MANY_PACKS = 50;

/** Git makes a symbolic reference HEAD of its own among the branches of a remote. */
const BRANCHES_AND_TAGS = [
  "+refs/remotes/origin/*:refs/heads/*",
  "^refs/remotes/origin/HEAD",
  "+refs/tags/*:refs/tags/*",
];

/** One mirror. Making the object touches nothing. Its `config` has the repository's URL. */
export class Mirror {
  /** A bare git repository with the objects of all branches and tags. */
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Runs work that writes to the mirror; readers continue meanwhile.
   *
   * @returns whether the work was done: not when another process holds the lock, because nothing depends on it.
   */
  async withLock(work: () => Promise<void>): Promise<boolean> {
    const release = await this.#tryLock();
    if (release === undefined) return false;
    try {
      await work();
      return true;
    } finally {
      await release().catch((error: unknown) => {
        // After a standstill of this machine another daemon may have taken it for a dead one's.
        if (systemCode(error) !== "ERELEASED") throw error;
      });
    }
  }

  /**
   * Takes over what a clone has fetched from the server: new objects, and the current branches and tags.
   *
   * @param clone made with the help of this mirror and complete by now; no container has seen it.
   * @throws RepositoryDamaged when the mirror is of no use, and what `Git` throws except GitFailure.
   */
  async learnFrom(clone: string, access: Access): Promise<void> {
    try {
      await this.withLock(() => this.#fetchFrom(clone, access));
    } catch (error) {
      if (error instanceof GitFailure) throw new RepositoryDamaged(error.message, { cause: error });
      throw error;
    }
  }

  async #fetchFrom(clone: string, access: Access): Promise<void> {
    const run = onThisHost(access, this.directory);
    const fetch = ["-c", "fetch.unpackLimit=1", "fetch", "--quiet", "--prune", "--no-write-fetch-head"];
    await access.git([...fetch, "--", clone, ...BRANCHES_AND_TAGS], { ...run, protocols: ["file"] });
    if ((await listObjects(this.directory)).size <= MANY_PACKS) return;
    await access.git(["repack", "-a", "-d"], run);
  }

  /** Takes the mirror out of use, so that the next session makes a new one. */
  async discard(into: string): Promise<void> {
    // Another session that met the same damage may have been faster.
    await ifThere(rename(this.directory, into));
  }

  /** Releases it; undefined when another process has it. */
  async #tryLock(): Promise<(() => Promise<void>) | undefined> {
    try {
      return await lock(this.directory, {
        realpath: false,
        stale: LOCK_STALE_MS,
        // Then another process has it, and git itself keeps two writers apart.
        onCompromised: () => undefined,
      });
    } catch (error) {
      if (systemCode(error) === "ELOCKED") return undefined;
      throw error;
    }
  }
}
