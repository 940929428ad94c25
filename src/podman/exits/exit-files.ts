/**
 * conmon's exit files as a hint: conmon writes `<engine tmp dir>/exits/<container id>` when a container's first process
 * ends, through a temporary name in the same directory. One watch serves all containers.
 *
 * The directory is Podman's own business: it may be missing, come later, and be replaced.
 */
import { type FSWatcher, watch } from "node:fs";
import { basename } from "node:path";
import { systemCode } from "../../errors.ts";
import type { Logger } from "../../log.ts";

/** Where conmon writes them, below `XDG_RUNTIME_DIR`. */
export const EXITS_BELOW_RUNTIME = "libpod/tmp/exits";

export interface ExitFilesOptions {
  readonly directory: string;
  /** Called with a container id. `complete` is false for the temporary name: the exit shows very soon. */
  readonly onExit: (containerId: string, complete: boolean) => void;
  readonly log: Logger;
}

const EXIT_NAME = /^([0-9a-f]{64})(\..*)?$/;

export class ExitFiles {
  readonly #options: ExitFilesOptions;
  #watcher: FSWatcher | undefined;
  #toldMissing = false;

  constructor(options: ExitFilesOptions) {
    this.#options = options;
  }

  /** Watches the directory, when it is there and not watched yet. Cheap, so called before every wait. */
  ensure(): void {
    if (this.#watcher !== undefined) return;
    try {
      this.#watcher = watch(this.#options.directory, { persistent: false });
    } catch (error) {
      this.#tellMissing(error);
      return;
    }
    this.#watcher.on("change", (_event, name) => this.#onChange(String(name)));
    this.#watcher.on("error", () => this.close());
  }

  /** Ends the watch; `ensure` begins a new one. */
  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #onChange(name: string): void {
    const [, containerId, suffix] = EXIT_NAME.exec(name) ?? [];
    if (containerId !== undefined) this.#options.onExit(containerId, suffix === undefined);
    // The directory's own name: it has been removed, and a new one may take its place.
    if (name === basename(this.#options.directory)) this.close();
  }

  #tellMissing(error: unknown): void {
    if (this.#toldMissing) return;
    this.#toldMissing = true;
    const { directory, log } = this.#options;
    log.info(
      { directory, reason: systemCode(error) },
      "exit files cannot be watched yet; using events and inspect instead",
    );
  }
}
