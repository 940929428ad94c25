/** Directories of agentd's own for artifacts, made when the first file comes into them. */
import { fchmodSync, mkdirSync, rmdirSync } from "node:fs";
import type { Flusher } from "../../flusher.ts";
import type { BytePath } from "../../trees/byte-path.ts";
import { TreeEntry } from "../../trees/tree-entry.ts";

/** Its owner disposes of it, and of the directories in it first. One without a file is not left behind. */
export class ArtifactDirectory implements Disposable {
  readonly #make: () => TreeEntry;
  readonly #removeEmpty: () => void;
  readonly #onFile: () => void;
  readonly #flusher: Flusher;
  #opened: TreeEntry | undefined;
  #hasFiles = false;

  private constructor(place: Place, flusher: Flusher) {
    this.#make = place.make;
    this.#removeEmpty = place.removeEmpty;
    this.#onFile = place.onFile;
    this.#flusher = flusher;
  }

  /**
   * @param path where nothing is yet, in a directory that only agentd writes to.
   * @param flusher gets everything that is made.
   */
  static uppermost(path: string, flusher: Flusher): ArtifactDirectory {
    const make = (): TreeEntry => {
      mkdirSync(path, { mode: 0o700 });
      return TreeEntry.root(path);
    };
    return new ArtifactDirectory(
      { make, removeEmpty: () => rmdirSync(path), onFile: () => undefined },
      flusher,
    );
  }

  /** The directory of that name in this one, which is not there yet. */
  directory(name: BytePath): ArtifactDirectory {
    const make = (): TreeEntry => {
      const parent = this.#open();
      parent.makeDirectory(name);
      return parent.open(name);
    };
    const removeEmpty = (): void => this.#opened?.removeDirectory(name);
    return new ArtifactDirectory({ make, removeEmpty, onFile: () => this.#keep() }, this.#flusher);
  }

  /**
   * Makes a file and has it filled; nothing of it is left when that fails.
   *
   * @param fill gets the descriptor, and does not close it.
   */
  async file<T>(name: BytePath, mode: number, fill: (descriptor: number) => Promise<T>): Promise<T> {
    const directory = this.#open();
    const descriptor = directory.createFile(name);
    try {
      const filled = await fill(descriptor);
      fchmodSync(descriptor, mode);
      this.#keep();
      return filled;
    } catch (error) {
      directory.unlink(name);
      throw error;
    } finally {
      this.#flusher.add(descriptor);
    }
  }

  [Symbol.dispose](): void {
    const opened = this.#opened;
    if (opened === undefined) return;
    this.#opened = undefined;
    try {
      if (this.#hasFiles) this.#flusher.add(opened.openDirectory());
      else this.#removeEmpty();
    } finally {
      opened[Symbol.dispose]();
    }
  }

  #open(): TreeEntry {
    return (this.#opened ??= this.#make());
  }

  #keep(): void {
    this.#hasFiles = true;
    this.#onFile();
  }
}

/** Where a directory is made. */
interface Place {
  readonly make: () => TreeEntry;
  readonly removeEmpty: () => void;
  /** Called for every file in it. */
  readonly onFile: () => void;
}
