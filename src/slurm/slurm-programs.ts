import { type BoundedRun, runBounded } from "../bounded-command.ts";
import type { Environment } from "../environment.ts";

/** Longer than Slurm's own patience with its controller, which is MessageTimeout and some tries. */
const LIMIT_MS = 60_000;
/**
 * What Slurm's programs get of the daemon's environment, which has credentials in it. Not SBATCH_*, SQUEUE_* and SCANCEL_*:
 * these are options.
 */
const NAMES = ["PATH", "HOME", "USER", "LOGNAME", "SLURM_CONF"];

/** What a program of Slurm came to. */
export type SlurmRun =
  | { readonly ok: true; readonly stdout: string }
  | {
      readonly ok: false;
      readonly why: string;
      /** Whether Slurm's controller has decided so. False: nobody knows what it did. */
      readonly isAnswer: boolean;
    };

/** What they say when the controller did not answer, or an answer was lost. */
const NO_ANSWER =
  /timed out|unable to contact|connect(?:ion)? (?:failure|refused|reset)|zero bytes|standby mode|unexpected message|temporarily|communication|authentication|munge|not responding|network|socket|i\/o error/i;

export interface RunOptions {
  readonly input?: string | undefined;
  readonly signal: AbortSignal;
}

/** Runs Slurm's programs, as found on PATH. */
export class SlurmPrograms {
  readonly #environment: Environment;
  readonly #limitMs: number;

  /**
   * @param environment the daemon's.
   * @param limitMs how long a program may take. Default: a minute.
   */
  constructor(environment: Environment, limitMs = LIMIT_MS) {
    this.#environment = {
      ...Object.fromEntries(NAMES.map((name) => [name, environment[name]])),
      LC_ALL: "C",
    };
    this.#limitMs = limitMs;
  }

  /** @throws the signal's reason only. */
  async run(
    program: "sbatch" | "squeue" | "scancel" | "sinfo",
    args: readonly string[],
    { input, signal }: RunOptions,
  ): Promise<SlurmRun> {
    signal.throwIfAborted();
    const run = await runBounded(program, args, {
      ...{ environment: this.#environment, limitMs: this.#limitMs },
      ...{ input, signal },
    });
    signal.throwIfAborted();
    return this.#judge(program, run);
  }

  #judge(program: string, run: BoundedRun): SlurmRun {
    if (run.kind === "missing")
      return { ok: false, why: `there is no program ${program} on PATH`, isAnswer: program === "sbatch" };
    if (run.kind === "hung")
      return { ok: false, why: `${program} took more than ${this.#limitMs / 1000} seconds`, isAnswer: false };
    // An empty queue would mean that jobs have gone: squeue is believed only when nothing went wrong.
    const isWhole = (program !== "squeue" && program !== "sinfo") || !/error/i.test(run.stderr);
    if (run.exitCode === 0 && isWhole) return { ok: true, stdout: run.stdout };
    const said = run.stderr.trim().split("\n").at(-1) ?? "";
    const why = said === "" ? `${program} exited ${run.exitCode}` : said;
    return { ok: false, why, isAnswer: said !== "" && !NO_ANSWER.test(run.stderr) };
  }
}
