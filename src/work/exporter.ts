import { JobWorker } from "../job-worker.ts";
import { gitEnvironment } from "../workspace/git.ts";
import type { ExportRequest, WorkExport } from "./export-work.ts";

export interface ExporterOptions {
  /** Path of `export-worker.ts` as a bundled script. */
  readonly script: string;
  /** The daemon's; git gets a few allowed names of it, and the worker nothing else. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How long the worker lives without work. Default 30 s. */
  readonly idleMs?: number | undefined;
  /** Called whenever a worker has started. */
  readonly onWorker?: (() => void) | undefined;
}

/** Exports the work of sessions in one worker thread, which starts when it is needed and ends when it is idle. */
export class Exporter {
  readonly #worker: JobWorker<ExportRequest, WorkExport>;
  readonly #environment: Readonly<Record<string, string>>;

  constructor({ script, environment, idleMs, onWorker }: ExporterOptions) {
    this.#environment = gitEnvironment(environment, []);
    this.#worker = new JobWorker({ script, does: "exports work", data: undefined, idleMs, onWorker });
  }

  /** Starts the worker ahead of an export that will come soon, so that the export does not wait for it. */
  prepare(): void {
    this.#worker.prepare();
  }

  /** Exports as `exportWork` does. Rejects too when the worker ends before it has answered. */
  readonly export = (request: Omit<ExportRequest, "environment">, signal: AbortSignal): Promise<WorkExport> =>
    this.#worker.run({ ...request, environment: this.#environment }, signal);

  /** Ends the worker; exports that are under way are rejected. */
  async close(): Promise<void> {
    await this.#worker.close();
  }
}
