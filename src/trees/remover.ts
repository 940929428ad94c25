import { Worker } from "node:worker_threads";
import type { RemovalJob, RemovalReport } from "./removal-worker.ts";

export interface RemoverOptions {
  /** Path of `removal-worker.ts` as a bundled script. */
  readonly script: string;
  /**
   * Removes a small tree in a worker that runs anyway, and gives up on a larger one.
   *
   * @returns whether the tree is gone.
   */
  readonly removeSmall: (directory: string) => Promise<boolean>;
  /** Called whenever a worker has started. */
  readonly onWorker?: (() => void) | undefined;
}

/** Called about once a second while a large tree is removed, with the number of entries removed so far. */
export type OnProgress = (entries: number) => void;

/**
 * Removes trees that sessions have filled, off the event loop: a disk may take minutes for a large one. Each large tree
 * has a worker of its own, so that nothing waits for it.
 */
export class Remover {
  readonly #options: RemoverOptions;
  readonly #workers = new Set<Worker>();

  constructor(options: RemoverOptions) {
    this.#options = options;
  }

  /**
   * Removes a tree as `removeTree` does.
   *
   * @throws Error as `removeTree`; also when the remover is closed meanwhile.
   */
  readonly remove = async (directory: string, onProgress: OnProgress = () => undefined): Promise<void> => {
    if (!(await this.#options.removeSmall(directory))) await this.#removeLarge(directory, onProgress);
  };

  /** Ends the workers; removals that are under way are rejected, and may be begun again by another process. */
  async close(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.terminate()));
  }

  async #removeLarge(directory: string, onProgress: OnProgress): Promise<void> {
    const job: RemovalJob = { directory };
    // With an empty environment: the daemon's holds credentials.
    const worker = new Worker(this.#options.script, { env: {}, workerData: job });
    this.#workers.add(worker);
    worker.on("online", () => this.#options.onWorker?.());
    try {
      await new Promise<void>((resolve, reject) => {
        worker.on("message", (report: RemovalReport) => {
          if ("entries" in report) onProgress(report.entries);
          else if ("failure" in report) reject(new Error(report.failure));
          else resolve();
        });
        worker.on("error", reject);
        worker.on("exit", () => reject(new Error(`the worker that removes ${directory} ended`)));
      });
    } finally {
      this.#workers.delete(worker);
    }
  }
}
