import { Worker } from "node:worker_threads";
import type { SessionDocument } from "../../session-document.ts";
import type { AttesterSettings } from "./attest.ts";
import type { SealRequest } from "./seal.ts";
import type { SealAnswer, SealJob } from "./seal-worker.ts";

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

type Result = Exclude<SealAnswer, { readonly failure: string }>;

interface Waiting {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/** Seals records and removes small trees in one worker thread, which starts when it is needed and ends when it is idle. */
export class Sealer {
  readonly #script: string;
  readonly #attester: AttesterSettings;
  readonly #idleMs: number;
  readonly #onWorker: (() => void) | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #nextJob = 0;

  constructor({ script, attester, idleMs = 30_000, onWorker }: SealerOptions) {
    this.#script = script;
    this.#attester = attester;
    this.#idleMs = idleMs;
    this.#onWorker = onWorker;
  }

  /** Starts the worker ahead of a seal that will come soon, so that the seal does not wait for it. */
  prepare(): void {
    this.#liveWorker();
    if (this.#waiting.size === 0) this.#restartIdleTimer();
  }

  /** Seals a record as `sealRecord` does. Rejects too when the worker ends before it has answered. */
  readonly seal = async (request: SealRequest): Promise<SessionDocument> => {
    const result = await this.#ask({ job: this.#nextJob++, request });
    if ("document" in result) return result.document;
    throw new Error("the sealing worker sent an unexpected answer");
  };

  /**
   * Removes a tree in the same worker, where that takes no more than some milliseconds.
   *
   * @returns whether it is gone; else it has many entries, some of which are gone.
   * @throws Error as `removeTree`; also when the worker ends before it has answered.
   */
  readonly removeSmall = async (directory: string): Promise<boolean> => {
    const result = await this.#ask({ job: this.#nextJob++, directory, entryLimit: SMALL_TREE_ENTRIES });
    return "isGone" in result && result.isGone;
  };

  /** Ends the worker; seals that are under way are rejected, and their records stay incomplete. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    if (worker === undefined) return;
    // At once, so that a seal that comes now starts another worker instead of failing with this one.
    this.#lose(worker, new Error("the sealing worker was closed"));
    await worker.terminate();
  }

  async #ask(message: SealJob): Promise<Result> {
    const worker = this.#liveWorker();
    clearTimeout(this.#idle);
    // The worker keeps the process alive only while it has a job.
    worker.ref();
    return await new Promise((resolve, reject) => {
      this.#waiting.set(message.job, { resolve, reject });
      worker.postMessage(message);
    });
  }

  #liveWorker(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    // With an empty environment: the daemon's holds credentials.
    const worker = new Worker(this.#script, { env: {}, workerData: this.#attester });
    worker.unref();
    worker.on("online", () => this.#onWorker?.());
    worker.on("message", (answer: SealAnswer) => this.#settle(answer));
    worker.on("error", (error) => this.#lose(worker, asError(error)));
    worker.on("exit", () => this.#lose(worker, new Error("the sealing worker ended")));
    this.#worker = worker;
    return worker;
  }

  #settle(answer: SealAnswer): void {
    const waiting = this.#waiting.get(answer.job);
    this.#waiting.delete(answer.job);
    if ("failure" in answer) waiting?.reject(new Error(answer.failure));
    else waiting?.resolve(answer);
    if (this.#waiting.size > 0) return;
    this.#worker?.unref();
    this.#restartIdleTimer();
  }

  /** The worker is gone: all waiting callers get an error, and the next seal starts another worker. */
  #lose(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #restartIdleTimer(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.close(), this.#idleMs).unref();
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
