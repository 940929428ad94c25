import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { AgentdError } from "../../errors.ts";
import { ifThere } from "../../if-there.ts";
import type { Clock } from "../port/ports.ts";
import { sleepUntil } from "../port/sleep.ts";
import type { Admission } from "./admission.ts";

const LOOK_INTERVAL_MS = 2_000;

/** A directory that sessions write to. */
export interface Place {
  /** What it holds, such as `records`. */
  readonly what: string;
  /** May not exist yet. */
  readonly directory: string;
}

/** A place whose file system has too little room. */
export interface Shortage extends Place {
  readonly freeBytes: number;
  readonly minFreeBytes: number;
}

/** What an ordinary user can still write on the file system of a directory, in bytes. @throws what `statfs` throws. */
export async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

export interface FreeSpaceOptions {
  readonly places: readonly Place[];
  /** Asked at each look; 0: it does not look. */
  readonly minFreeBytes: () => number;
  /** Told that no session may begin, and when that is over. */
  readonly admission: Pick<Admission, "hold" | "hasWaiting">;
}

/** Keeps sessions from beginning while the file systems that they write to have too little room. */
export class FreeSpace {
  readonly #options: FreeSpaceOptions;

  constructor(options: FreeSpaceOptions) {
    this.#options = options;
  }

  /** Looks; where there is too little room, holds the queue back until a look finds enough. */
  async look(): Promise<Shortage | undefined> {
    const shortage = await this.#find();
    this.#options.admission.hold(shortage && shortageText(shortage));
    return shortage;
  }

  /** What lacks room now, in words; undefined where all places have enough. */
  async shortage(): Promise<string | undefined> {
    const shortage = await this.#find();
    return shortage && shortageText(shortage);
  }

  /**
   * Looks.
   *
   * @param tried what is refused where there is too little room.
   * @throws AgentdError `disk_low`
   */
  async require(tried: string): Promise<void> {
    const shortage = await this.look();
    if (shortage === undefined) return;
    const { directory, freeBytes: free, minFreeBytes } = shortage;
    throw new AgentdError("disk_low", {
      tried,
      why: shortageText(shortage),
      next: "Free some space, for example with `agentd audit prune` or `podman image prune`, or lower daemon.min_free and run `agentd reload`.",
      details: { directory, free_bytes: free, min_free_bytes: minFreeBytes },
    });
  }

  /** Looks again and again while a session waits, until the signal ends it. Does not reject. */
  async watch({ clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }): Promise<void> {
    while (await sleepUntil(clock.monotonic() + LOOK_INTERVAL_MS, { clock, signal })) {
      if (this.#options.admission.hasWaiting) await this.look();
    }
  }

  async #find(): Promise<Shortage | undefined> {
    const minFreeBytes = this.#options.minFreeBytes();
    if (minFreeBytes === 0) return undefined;
    const found = await Promise.all(
      this.#options.places.map(async (place) => {
        // If this fails, writing the record will report it.
        const free = await freeBytesAround(place.directory).catch(() => Infinity);
        return free < minFreeBytes ? { ...place, freeBytes: free, minFreeBytes } : undefined;
      }),
    );
    return found.find((shortage) => shortage !== undefined);
  }
}

/** As `freeBytes`, of the nearest directory above where there is none yet. */
async function freeBytesAround(directory: string): Promise<number> {
  const free = await ifThere(freeBytes(directory));
  return free ?? (await freeBytesAround(dirname(directory)));
}

function shortageText({ what, directory, freeBytes: free, minFreeBytes }: Shortage): string {
  return `${directory} (${what}) has ${mebibytes(free)} free, but daemon.min_free is ${mebibytes(minFreeBytes)}`;
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}
