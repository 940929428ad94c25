/** Whether the files that the daemon has read have changed since. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { ifThere } from "../../if-there.ts";

/** The state of a file. */
interface Look {
  /** Differs between two states of the file, without reading it; undefined: there was no file. */
  readonly stamp: string | undefined;
  readonly digest: string | undefined;
}

/** Larger files are compared by size and times alone. */
const MAX_BYTES = 4 * 1024 ** 2;

export class LoadedFiles {
  readonly #paths: readonly string[];
  readonly #looks = new Map<string, Look>();

  /** @param paths absolute. Call `note` before `changed`. */
  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** Takes the files as they are now, to be called just before they are read; what it gives says that they were. */
  async note(): Promise<() => void> {
    const looks = await Promise.all(this.#paths.map((path) => lookAt(path).catch(() => NOTHING)));
    return () => this.#paths.forEach((path, index) => this.#looks.set(path, looks[index] ?? NOTHING));
  }

  /** The files whose content differs from what was read. A file that cannot be looked at counts as changed. */
  async changed(): Promise<string[]> {
    const changes = await Promise.all(this.#paths.map((path) => this.#hasChanged(path)));
    return this.#paths.filter((_, index) => changes[index]);
  }

  async #hasChanged(path: string): Promise<boolean> {
    const known = this.#looks.get(path);
    if (known?.stamp === (await stampOf(path).catch(() => "unknown"))) return false;
    const look = await lookAt(path).catch(() => undefined);
    if (look === undefined || look.digest !== known?.digest) return true;
    // Written anew with the same content: the next look need not read it.
    this.#looks.set(path, look);
    return false;
  }
}

const NOTHING: Look = { stamp: undefined, digest: undefined };

async function lookAt(path: string): Promise<Look> {
  // The stamp first: a file that changes in between shows at the next look.
  const stamp = await stampOf(path);
  if (stamp === undefined) return NOTHING;
  const found = await stat(path);
  if (!found.isFile() || found.size > MAX_BYTES) return { stamp, digest: stamp };
  return {
    stamp,
    digest: createHash("sha256")
      .update(await readFile(path))
      .digest("hex"),
  };
}

async function stampOf(path: string): Promise<string | undefined> {
  const found = await ifThere(stat(path, { bigint: true }));
  return found && [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(" ");
}
