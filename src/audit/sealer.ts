import { JobWorker } from "../job-worker.ts";
import type { SessionDocument } from "../session-document.ts";
import type { AttesterSettings } from "./attest.ts";
import type { SealRequest } from "./seal.ts";

export interface SealerOptions {
  /** Path of `seal-worker.ts` as a bundled script. */
  readonly script: string;
  readonly attester: AttesterSettings;
  /** How long the worker lives without work. Default 30 s. */
  readonly idleMs?: number | undefined;
  /** Called whenever a worker has started. */
  readonly onWorker?: (() => void) | undefined;
}

/** Seals records in one worker thread, which starts when it is needed and ends when it is idle. */
export class Sealer {
  readonly #worker: JobWorker<SealRequest, SessionDocument>;

  constructor({ script, attester, idleMs, onWorker }: SealerOptions) {
    this.#worker = new JobWorker({ script, does: "seals", data: attester, idleMs, onWorker });
  }

  /** Starts the worker ahead of a seal that will come soon, so that the seal does not wait for it. */
  prepare(): void {
    this.#worker.prepare();
  }

  /** Seals a record as `sealRecord` does. Rejects too when the worker ends before it has answered. */
  readonly seal = (request: SealRequest): Promise<SessionDocument> => this.#worker.run(request);

  /** Ends the worker; seals that are under way are rejected, and their records stay incomplete. */
  async close(): Promise<void> {
    await this.#worker.close();
  }
}
