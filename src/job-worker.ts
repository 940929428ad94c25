/** One worker thread for jobs, which starts when it is needed and ends when it is idle. */
import { Worker } from "node:worker_threads";

export interface JobWorkerOptions {
  /** Path of a bundled script that answers a `JobMessage` with a `JobAnswer`. */
  readonly script: string;
  /** What the worker does, for errors: `seals`. */
  readonly does: string;
  /** What the script gets as `workerData`. */
  readonly data: unknown;
  /** How long the worker lives without work. Default 30 s. */
  readonly idleMs?: number | undefined;
  /** Called whenever a worker has started. */
  readonly onWorker?: (() => void) | undefined;
}

/** What the worker gets. A job that is cancelled is answered all the same. */
export type JobMessage<Request> =
  { readonly job: number; readonly request: Request } | { readonly job: number; readonly cancel: true };

/** What comes back, in whatever order. A failure is text: an error may hold what cannot go between threads. */
export type JobAnswer<Result> =
  { readonly job: number; readonly result: Result } | { readonly job: number; readonly failure: string };

interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/** Requests and results are plain data. */
export class JobWorker<Request, Result> {
  readonly #options: JobWorkerOptions;
  readonly #waiting = new Map<number, Waiting<Result>>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #nextJob = 0;

  constructor(options: JobWorkerOptions) {
    this.#options = options;
  }

  /** Starts the worker ahead of a job that will come soon, so that the job does not wait for it. */
  prepare(): void {
    this.#liveWorker();
    if (this.#waiting.size === 0) this.#restartIdleTimer();
  }

  /**
   * Has a job done. Rejects when it fails, and when the worker ends before it has answered.
   *
   * @param signal tells the worker to give the job up.
   */
  async run(request: Request, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted();
    const worker = this.#liveWorker();
    clearTimeout(this.#idle);
    // The process stays alive for a job, and for nothing else of the worker's.
    worker.ref();
    const job = this.#nextJob++;
    const cancel = (): void => this.#post({ job, cancel: true });
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await new Promise<Result>((resolve, reject) => {
        this.#waiting.set(job, { resolve, reject });
        this.#post({ job, request });
      });
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Ends the worker; jobs that are under way are rejected. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    if (worker === undefined) return;
    // At once, so that a job that comes now starts another worker instead of going down with this one.
    this.#lose(worker, new Error(`the worker that ${this.#options.does} was closed`));
    await worker.terminate();
  }

  #post(message: JobMessage<Request>): void {
    this.#worker?.postMessage(message);
  }

  #liveWorker(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const { script, data, does, onWorker } = this.#options;
    // An environment of its own, empty: the daemon's holds credentials.
    const worker = new Worker(script, { env: {}, workerData: data });
    worker.unref();
    worker.on("online", () => onWorker?.());
    worker.on("message", (answer: JobAnswer<Result>) => this.#settle(answer));
    worker.on("error", (error) => this.#lose(worker, asError(error)));
    worker.on("exit", () => this.#lose(worker, new Error(`the worker that ${does} has ended`)));
    this.#worker = worker;
    return worker;
  }

  #settle(answer: JobAnswer<Result>): void {
    const waiting = this.#waiting.get(answer.job);
    this.#waiting.delete(answer.job);
    if ("failure" in answer) waiting?.reject(new Error(answer.failure));
    else waiting?.resolve(answer.result);
    if (this.#waiting.size > 0) return;
    this.#worker?.unref();
    this.#restartIdleTimer();
  }

  /** The worker is gone: whoever waits hears of it, and the next job starts another. */
  #lose(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #restartIdleTimer(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => void this.close(), this.#options.idleMs ?? 30_000).unref();
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
