/** The directories on the host for a session's workspace. */
import { chmod, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AgentdError, systemCode } from "../errors.ts";
import { ifThere, readIfThere } from "../if-there.ts";
import { removeTree } from "../trees/remove-tree.ts";

const OWNER_SUFFIX = ".instance";

/** Removes a tree, even while a session still changes it; reports how many entries it has removed so far. */
export type RemoveTree = (directory: string, onProgress?: (entries: number) => void) => Promise<void>;

/**
 * One session's staging directory. Making the object touches nothing, so that what an earlier daemon left can be
 * removed through it.
 */
export class Staging {
  /** Mode 0700: the session's files may carry setuid, which no other user may use. */
  readonly directory: string;
  /** Where git clones to; never mounted, and gone once its content has moved to `repoDirectory`. */
  readonly cloneDirectory: string;
  /** What the workspace was at its start, as a bare repository; never mounted. */
  readonly baseDirectory: string;
  /** Where the export of the session's work works; never mounted. */
  readonly exportDirectory: string;
  /** Mounted as the session's `~/repo`; host git never runs in it. */
  readonly repoDirectory: string;
  /** Mounted as the session's home where the image brings none. */
  readonly homeDirectory: string;
  /** Mounted read-only as `/agentd/input` where the session was given something. */
  readonly inputDirectory: string;
  /** Holds copies of volumes, which are mounted; made when there is one. */
  readonly volumesDirectory: string;
  /** A copy of what a session that is kept saw as `.runa`. */
  readonly runaDirectory: string;
  /** Beside the directory: made before it and removed after it, so that the directory always has an owner. */
  readonly #ownerFile: string;
  readonly #removeTree: RemoveTree;

  /**
   * @param stagingRoot holds all staging directories, on the file system of the mirrors.
   * @param remove what removes trees. Default: this thread, between its other work.
   */
  constructor(stagingRoot: string, sessionId: string, remove: RemoveTree = removeTree) {
    this.directory = join(stagingRoot, sessionId);
    this.cloneDirectory = join(this.directory, "clone");
    this.baseDirectory = join(this.directory, "base.git");
    this.exportDirectory = join(this.directory, "export");
    this.repoDirectory = join(this.directory, "repo");
    this.homeDirectory = join(this.directory, "home");
    this.inputDirectory = join(this.directory, "input");
    this.volumesDirectory = join(this.directory, "volumes");
    this.runaDirectory = join(this.directory, "runa");
    this.#ownerFile = `${this.directory}${OWNER_SUFFIX}`;
    this.#removeTree = remove;
  }

  /**
   * Makes the directories, with the mount points of `.runa` and `repo` ready: the runtime would make missing ones
   * itself, owned by a subordinate id.
   *
   * @param owner the instance that the session belongs to.
   * @throws AgentdError `state_unusable`, also when the session has a staging directory already.
   */
  static async create(stagingRoot: string, sessionId: string, owner: string): Promise<Staging> {
    const staging = new Staging(stagingRoot, sessionId);
    try {
      await mkdir(stagingRoot, { recursive: true, mode: 0o700 });
      await writeFile(staging.#ownerFile, owner);
      await mkdir(staging.directory, { mode: 0o700 });
      await staging.#makeSeen();
      return staging;
    } catch (cause) {
      throw new AgentdError("state_unusable", {
        tried: `create the staging directory ${staging.directory}`,
        why: systemCode(cause) ?? String(cause),
        next: "Check that you own the cache directory, that it is writable and that it has free space.",
        cause,
      });
    }
  }

  /**
   * Makes the staging directory that belongs to a container before it has a session that of its session, which has none yet.
   * Mounts of it stay as they are.
   */
  static async give(stagingRoot: string, key: string, sessionId: string, owner: string): Promise<Staging> {
    const [from, to] = [new Staging(stagingRoot, key), new Staging(stagingRoot, sessionId)];
    // A directory has an owner at every moment.
    await writeFile(to.#ownerFile, owner);
    await rename(from.directory, to.directory);
    await rm(from.#ownerFile, { force: true });
    return to;
  }

  /** The ids of the sessions that have a staging directory, or had begun to make or remove one. */
  static async sessions(stagingRoot: string): Promise<string[]> {
    const names = (await ifThere(readdir(stagingRoot))) ?? [];
    return [...new Set(names.map((name) => name.replace(OWNER_SUFFIX, "")))];
  }

  /** The instance that it belongs to; undefined where no file names it. */
  async owner(): Promise<string | undefined> {
    return await readIfThere(this.#ownerFile);
  }

  /** Replaces what a container saw that is gone. What it was to have besides is not touched. */
  async renewSeen(): Promise<void> {
    await this.#removeTree(this.repoDirectory);
    await this.#removeTree(this.homeDirectory);
    await this.#makeSeen();
  }

  /** Removes what git has left where it clones to. Idempotent. */
  async removeClone(): Promise<void> {
    await this.#removeTree(this.cloneDirectory);
  }

  /** Removes what only the export of the session's work has needed. Idempotent. */
  async removeExport(): Promise<void> {
    await this.#removeTree(this.exportDirectory);
    await this.#removeTree(this.baseDirectory);
  }

  /** Makes an empty directory for the copy of `.runa`, in the place of an earlier one. */
  async renewRuna(): Promise<void> {
    await this.#removeTree(this.runaDirectory);
    await mkdir(this.runaDirectory);
    await chmod(this.runaDirectory, 0o755);
  }

  /**
   * Removes all of it, whatever the session has done to it; its container is gone. Idempotent.
   *
   * @param onProgress called every so often while there is much to remove, with the number of entries removed so far.
   */
  async remove(onProgress?: (entries: number) => void): Promise<void> {
    await this.#removeTree(this.directory, onProgress);
    await rm(this.#ownerFile, { force: true });
  }

  async #makeSeen(): Promise<void> {
    const { repoDirectory, homeDirectory } = this;
    for (const seen of [
      repoDirectory,
      join(repoDirectory, ".runa"),
      homeDirectory,
      join(homeDirectory, "repo"),
    ]) {
      await mkdir(seen);
      // As directories of a session usually are; mkdir's own mode would be narrowed by the daemon's umask.
      await chmod(seen, 0o755);
    }
  }
}
