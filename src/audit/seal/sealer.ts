import { JobWorker } from "../../job-worker.ts";
import type { SessionDocument } from "../../session-document.ts";
import type { AttesterSettings } from "./attest.ts";
import type { SealRequest } from "./seal.ts";
import type { SealJob, SealResult } from "./seal-worker.ts";

export interface SealerOptions {
  /** Path of `seal-worker.ts` as a bundled script. */
  readonly script: string;
  readonly attester: AttesterSettings;
  /** How long the worker lives without work. Default 30 s. */
  readonly idleMs?: number | undefined;
  /** Called whenever a worker has started. */
  readonly onWorker?: (() => void) | undefined;
}

/** More entries than this would keep seals waiting too long. */
const SMALL_TREE_ENTRIES = 2_000;

/** Seals records and removes small trees in one worker thread, which starts when it is needed and ends when it is idle. */
export class Sealer {
  readonly #worker: JobWorker<SealJob, SealResult>;

  constructor({ script, attester, idleMs, onWorker }: SealerOptions) {
    this.#worker = new JobWorker({ script, does: "seals", data: attester, idleMs, onWorker });
  }

  /** Starts the worker ahead of a seal that will come soon, so that the seal does not wait for it. */
  prepare(): void {
    this.#worker.prepare();
  }

  /** Seals a record as `sealRecord` does. Rejects too when the worker ends before it has answered. */
  readonly seal = async (request: SealRequest): Promise<SessionDocument> => {
    const result = await this.#worker.run({ request });
    if ("document" in result) return result.document;
    throw new Error("the worker that seals sent an unexpected answer");
  };

  /**
   * Removes a tree in the same worker, where that takes no more than some milliseconds.
   *
   * @returns whether it is gone; else it has many entries, some of which are gone.
   * @throws Error as `removeTree`; also when the worker ends before it has answered.
   */
  readonly removeSmall = async (directory: string): Promise<boolean> => {
    const result = await this.#worker.run({ directory, entryLimit: SMALL_TREE_ENTRIES });
    return "isGone" in result && result.isGone;
  };

  /** Ends the worker; seals that are under way are rejected, and their records stay incomplete. */
  async close(): Promise<void> {
    await this.#worker.close();
  }
}
