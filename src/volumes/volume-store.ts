/**
 * The volumes of an instance: directories that outlive sessions. Which session has one is nowhere written down: it follows from
 * the open sessions.
 */
import { chmod, mkdir, readdir, rename, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AgentdError, systemCode } from "../errors.ts";
import { ifThere } from "../if-there.ts";

/** Removes a tree, whatever a session has put into it. */
export type RemoveTree = (directory: string) => Promise<void>;

/** A volume that exists. */
export interface StoredVolume {
  /** Such as `site-builder/npm-cache`. */
  readonly id: string;
  /** What sessions see of it. */
  readonly directory: string;
  /** When a session was given it last, in milliseconds since the epoch. */
  readonly usedMs: number;
}

/** A volume's id, in two names of directories. */
const ID = /^(?:@shared|[a-z_][a-z0-9_-]{0,31})\/[a-z_][a-z0-9_-]{0,31}$/;

/** In a volume's directory: what sessions see, what it was before it was emptied, and when it was used. */
const DATA = "data";
const OLD = "old";
const USED = "used";

/** Where the volumes of an instance are. */
export const volumesBelow = (stateDirectory: string): string => join(stateDirectory, "volumes");

export class VolumeStore {
  readonly #root: string;
  readonly #removeTree: RemoveTree;
  readonly #now: () => number;

  /** @param host.now wall clock, in milliseconds since the epoch. */
  constructor(
    stateDirectory: string,
    { removeTree, now }: { readonly removeTree: RemoveTree; readonly now: () => number },
  ) {
    this.#root = volumesBelow(stateDirectory);
    this.#removeTree = removeTree;
    this.#now = now;
  }

  /**
   * What sessions see of a volume, made where it is missing; it counts as used now.
   *
   * @throws AgentdError `volume_failed`.
   */
  async open(id: string): Promise<string> {
    return await attempt(`make the volume ${id}`, async () => {
      const directory = await this.#make(id);
      const used = join(this.#place(id), USED);
      await writeFile(used, "", { flag: "a" });
      const seconds = this.#now() / 1000;
      await utimes(used, seconds, seconds);
      return directory;
    });
  }

  /** Where what sessions see of a volume is, or would be. */
  directoryOf(id: string): string {
    return join(this.#place(id), DATA);
  }

  /** Removes all that is in a volume. @throws AgentdError `volume_failed`. */
  async empty(id: string): Promise<void> {
    await attempt(`empty the volume ${id}`, async () => {
      const old = join(this.#place(id), OLD);
      await this.#removeTree(old);
      await ifThere(rename(this.directoryOf(id), old));
      await this.#make(id);
      await this.#removeTree(old);
    });
  }

  /** Removes a volume that no session has; one that does not exist is fine. @throws AgentdError `volume_failed`. */
  async remove(id: string): Promise<void> {
    await attempt(`remove the volume ${id}`, () => this.#removeTree(this.#place(id)));
  }

  /** All volumes, by their ids. */
  async list(): Promise<StoredVolume[]> {
    const found: StoredVolume[] = [];
    for (const owner of (await namesIn(this.#root)).sort()) {
      for (const name of (await namesIn(join(this.#root, owner))).sort()) {
        const id = `${owner}/${name}`;
        if (!ID.test(id)) continue;
        const used = await ifThere(stat(join(this.#place(id), USED)));
        // One that was never made whole, or is half removed, is none.
        if (used !== undefined) found.push({ id, directory: this.directoryOf(id), usedMs: used.mtimeMs });
      }
    }
    return found;
  }

  async #make(id: string): Promise<string> {
    const directory = this.directoryOf(id);
    await mkdir(this.#place(id), { recursive: true, mode: 0o700 });
    try {
      await mkdir(directory);
      // As directories of a session usually are; mkdir's own mode would be narrowed by the daemon's umask.
      await chmod(directory, 0o755);
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    }
    return directory;
  }

  #place(id: string): string {
    if (!ID.test(id)) throw new Error(`${JSON.stringify(id)} names no volume`);
    return join(this.#root, id);
  }
}

async function namesIn(directory: string): Promise<string[]> {
  return (await ifThere(readdir(directory))) ?? [];
}

async function attempt<T>(tried: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new AgentdError("volume_failed", {
      tried,
      why: systemCode(cause) ?? (cause instanceof Error ? cause.message : String(cause)),
      next: "Check the state directory: that you own it, and that it has free space.",
      cause,
    });
  }
}
