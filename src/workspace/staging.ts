/** The directories on the host that a session's workspace is made of. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AgentdError, systemCode } from "../errors.ts";
import { removeTree } from "./remove-tree.ts";

/**
 * One session's staging directory. Making the object touches nothing, so that what an earlier daemon left can be
 * removed through it.
 */
export class Staging {
  /** Mode 0700: the session's files may carry setuid, which is nobody else's to use. */
  readonly directory: string;
  /** Where git clones to; never mounted, and gone once its content has moved to `repoDirectory`. */
  readonly cloneDirectory: string;
  /** Mounted as the session's `~/repo`; host git never runs in it. */
  readonly repoDirectory: string;
  /** Mounted as the session's home where the image brings none. */
  readonly homeDirectory: string;

  /** @param stagingRoot holds all staging directories, on the file system of the mirrors. */
  constructor(stagingRoot: string, sessionId: string) {
    this.directory = join(stagingRoot, sessionId);
    this.cloneDirectory = join(this.directory, "clone");
    this.repoDirectory = join(this.directory, "repo");
    this.homeDirectory = join(this.directory, "home");
  }

  /**
   * Makes the directories, with the mount points of `.runa` and `repo` ready: the runtime would make missing ones
   * itself, owned by a subordinate id.
   *
   * @throws AgentdError `state_unusable`, also when the session has a staging directory already.
   */
  static async create(stagingRoot: string, sessionId: string): Promise<Staging> {
    const staging = new Staging(stagingRoot, sessionId);
    try {
      await mkdir(stagingRoot, { recursive: true, mode: 0o700 });
      await mkdir(staging.directory, { mode: 0o700 });
      await mkdir(join(staging.repoDirectory, ".runa"), { recursive: true });
      await mkdir(join(staging.homeDirectory, "repo"), { recursive: true });
      return staging;
    } catch (cause) {
      throw new AgentdError("state_unusable", {
        tried: `make the staging directory ${staging.directory}`,
        why: systemCode(cause) ?? String(cause),
        next: "Check that the cache directory is yours, has space and can be written.",
        cause,
      });
    }
  }

  /** Removes it all, whatever the session has done to it; nothing of the session may run any more. Idempotent. */
  async remove(): Promise<void> {
    await removeTree(this.directory);
  }
}
