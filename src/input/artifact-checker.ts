import { JobWorker } from "../job-worker.ts";
import type { ArtifactJob, ArtifactResult } from "./artifact-worker.ts";

/** How long a check may take. */
const LIMIT_MS = 10_000;

/** Checks artifacts against schemas, each in a worker of its own: one that takes too long is ended. */
export class ArtifactChecker {
  readonly #script: string;
  readonly #limitMs: number;

  /**
   * @param script path of `artifact-worker.ts` as a bundled script.
   * @param limitMs default 10 s.
   */
  constructor(script: string, limitMs = LIMIT_MS) {
    this.#script = script;
    this.#limitMs = limitMs;
  }

  /**
   * What is wrong with an artifact; undefined when nothing is.
   *
   * @throws Error when the schema is not one, or the check takes too long.
   */
  async check(job: ArtifactJob): Promise<string | undefined> {
    const worker = new JobWorker<ArtifactJob, ArtifactResult>({
      script: this.#script,
      does: "checks artifacts",
      data: undefined,
    });
    const late = new AbortController();
    const limit = setTimeout(() => {
      late.abort();
      void worker.close();
    }, this.#limitMs);
    try {
      return (await worker.run(job)).fault;
    } catch (error) {
      if (late.signal.aborted)
        throw new Error(`the check took more than ${this.#limitMs / 1000} s`, { cause: error });
      throw error;
    } finally {
      clearTimeout(limit);
      await worker.close();
    }
  }
}
