/** The mirrors of all repositories, one for each URL. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { isThere } from "../if-there.ts";
import { type Access, runClone } from "./git-clone.ts";
import { Mirror } from "./mirror.ts";

/** Makes mirrors and finds them again. One object for a directory and a daemon; other daemons may use it as well. */
export class Mirrors {
  readonly #root: string;
  /** By directory, the mirrors that are being made: whether those who waited may try again. */
  readonly #making = new Map<string, Promise<boolean>>();

  /** @param root directory of all mirrors, on the file system of the staging directories; made when it is missing. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Where the mirror of a repository is, or would be. @param url as `parseRepositoryUrl` gives it. */
  directoryOf(url: string): string {
    return join(this.#root, createHash("sha256").update(url).digest("hex"));
  }

  /**
   * The mirror of a repository, made first when there is none yet. Sessions of one repository wait for the first.
   *
   * @param workshop this session's own directory, to make the mirror in.
   * @returns undefined when another daemon is making it, or another session has tried and failed: sessions
   * do not wait in line for a server that does not answer.
   * @throws GitFailure and what else `Git` throws.
   */
  async open(access: Access, workshop: string): Promise<Mirror | undefined> {
    const directory = this.directoryOf(access.repository.url);
    const mirror = new Mirror(directory);
    while (!(await isThere(directory))) {
      const others = this.#making.get(directory);
      if (others === undefined) return (await this.#make(mirror, access, workshop)) ? mirror : undefined;
      if (!(await whileWanted(others, access.signal))) return undefined;
    }
    return mirror;
  }

  async #make(mirror: Mirror, access: Access, workshop: string): Promise<boolean> {
    const making = this.#makeUnderLock(mirror, access, workshop);
    // A stop says nothing about the server, so the next session tries.
    const mayTryAgain = making.catch(() => access.signal.aborted);
    this.#making.set(mirror.directory, mayTryAgain);
    try {
      return await making;
    } finally {
      this.#making.delete(mirror.directory);
    }
  }

  /** Whether it is there now. */
  async #makeUnderLock(mirror: Mirror, access: Access, workshop: string): Promise<boolean> {
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    return await mirror.withLock(async () => {
      if (await isThere(mirror.directory)) return;
      const made = join(workshop, "mirror");
      await runClone(access, workshop, made, { options: ["--bare"] });
      await rename(made, mirror.directory).catch(async (error: unknown) => {
        // Another daemon may have taken the lock for a dead one's, and have been faster.
        if (!(await isThere(mirror.directory))) throw error;
      });
    });
  }
}

/** Waits for the work of another session, until this one is told to stop. */
async function whileWanted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const settled = new AbortController();
  const stopped = once(signal, "abort", { signal: settled.signal }).then((): never => {
    throw signal.reason;
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    stopped.catch(() => undefined); // The wait is over, one way or the other.
    settled.abort();
  }
}
