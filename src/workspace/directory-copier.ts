import { Worker } from "node:worker_threads";
import { AgentdError } from "../errors.ts";
import type { CopiedTree, CopyRequest, Progress } from "./copy-directory.ts";
import type { CopyReport } from "./copy-worker.ts";

export interface DirectoryCopierOptions {
  /** Path of `copy-worker.ts` as a bundled script. */
  readonly script: string;
  /** Called whenever a worker has started. */
  readonly onWorker?: (() => void) | undefined;
}

/** Copies directories of the operator's, each in a worker of its own: a disk may take minutes for a large one. */
export class DirectoryCopier {
  readonly #options: DirectoryCopierOptions;

  constructor(options: DirectoryCopierOptions) {
    this.#options = options;
  }

  /**
   * Copies as `copyDirectory` does.
   *
   * @param onProgress called about twice a second with the numbers of files and bytes so far.
   * @throws AgentdError `directory_invalid`; the signal's reason when it is aborted, with a part of the copy made.
   */
  async copy(
    request: CopyRequest,
    { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: Progress },
  ): Promise<CopiedTree> {
    signal.throwIfAborted();
    // With an empty environment: the daemon's holds credentials.
    const worker = new Worker(this.#options.script, { env: {}, workerData: request });
    worker.on("online", () => this.#options.onWorker?.());
    const ending = new AbortController();
    try {
      return await new Promise<CopiedTree>((resolve, reject) => {
        const refuse = (why: string): void => reject(directoryInvalid(request.source, why));
        worker.on("message", (report: CopyReport) => {
          if ("copied" in report) resolve(report.copied);
          else if ("failure" in report) refuse(report.failure);
          else onProgress(report.files, report.bytes);
        });
        worker.on("error", (error) => refuse(String(error)));
        worker.on("exit", () => refuse("the worker that copies it has ended"));
        const abort = (): void => reject(signal.reason as Error);
        signal.addEventListener("abort", abort, { signal: ending.signal });
      });
    } finally {
      ending.abort();
      // Before anybody removes what it makes.
      await worker.terminate();
    }
  }
}

/** @param why without a full stop. */
export function directoryInvalid(directory: string, why: string, cause?: unknown): AgentdError {
  return new AgentdError("directory_invalid", {
    tried: `copy ${directory} into the session`,
    why,
    next: "Fix directory, ignore or directory_limit in the profile, or the directory itself.",
    details: { directory },
    cause,
  });
}
