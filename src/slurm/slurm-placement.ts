import { setTimeout as delay } from "node:timers/promises";
import { AgentdError, sentence } from "../errors.ts";
import { type Enqueue, oneAtATime } from "../one-at-a-time.ts";
import {
  type EngineNode,
  jobName,
  type JobRef,
  type Observation,
  type PlacedJob,
  type Placement,
} from "../placement/placement.ts";
import { jobScript } from "./job-script.ts";
import { NODE_OPTIONS, readNodes } from "./node-lines.ts";
import { isLive, observationOf, QUEUE_OPTIONS, type QueueLine, readQueue } from "./queue-lines.ts";
import { sbatchOptions, type SbatchSettings } from "./sbatch-options.ts";
import type { SlurmPrograms } from "./slurm-programs.ts";

/** How often a job that was told to end is looked at. */
const LOOK_MS = 1_000;

export interface SlurmOptions extends SbatchSettings {
  readonly programs: SlurmPrograms;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  /** PATH of the job on its node. Default: see `jobScript`. */
  readonly nodePath?: string | undefined;
  /** Directory for sessions on nodes. Default: the runner's own. */
  readonly nodeDirectory?: string | undefined;
}

/** Slurm, through its programs. Knows jobs by their names alone: ids begin anew when Slurm has lost its state. */
export class SlurmPlacement implements Placement {
  readonly #options: SlurmOptions;
  /** One at a time: between the look-up and the submission, nobody else submits. */
  readonly #submission: Enqueue = oneAtATime();

  constructor(options: SlurmOptions) {
    this.#options = options;
  }

  async submit(job: PlacedJob, { signal }: { readonly signal: AbortSignal }): Promise<JobRef> {
    return await this.#submission(() => this.#submitOnce(job, signal));
  }

  async observe(
    jobs: readonly JobRef[],
    { signal }: { readonly signal: AbortSignal },
  ): Promise<ReadonlyMap<string, Observation>> {
    const of = (observe: (name: string) => Observation): ReadonlyMap<string, Observation> =>
      new Map(jobs.map(({ name }) => [name, observe(name)]));
    if (jobs.length === 0) return new Map();
    const queue = await this.#queue(signal).catch(sentence);
    if (typeof queue === "string") return of(() => ({ at: "unknown", why: queue }));
    const lines = new Map<string, QueueLine[]>();
    for (const line of queue) lines.set(line.name, [...(lines.get(line.name) ?? []), line]);
    return of((name) => observationOf(lines.get(name) ?? []));
  }

  async cancel(
    { name }: JobRef,
    { graceMs, signal }: { readonly graceMs: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const { monotonic } = this.#options;
    const deadline = monotonic() + graceMs;
    const told = new Set<string>();
    for (;;) {
      const live = (await this.#lines(name, signal)).filter(isLive);
      if (live.length === 0) return;
      const isOver = monotonic() >= deadline;
      for (const line of live) {
        const runs = observationOf([line]).at === "running";
        if (!runs || isOver) await this.#scancel([line.id], signal);
        // The script alone, which is agentd: what it runs is for agentd to end.
        else if (!told.has(line.id)) await this.#scancel(["--batch", "--signal=TERM", line.id], signal);
        told.add(line.id);
      }
      if (isOver) return;
      await delay(Math.min(LOOK_MS, Math.max(0, deadline - monotonic())), undefined, { signal });
    }
  }

  async nodes({ signal }: { readonly signal: AbortSignal }): Promise<readonly EngineNode[]> {
    const { programs, partition } = this.#options;
    const only = partition === undefined ? [] : [`--partition=${partition}`];
    const run = await programs.run("sinfo", [...NODE_OPTIONS, ...only], { signal });
    if (!run.ok) throw unknown("list the nodes of Slurm", run.why);
    return readNodes(run.stdout);
  }

  async #submitOnce(job: PlacedJob, signal: AbortSignal): Promise<JobRef> {
    const { programs, nodePath, nodeDirectory } = this.#options;
    const name = jobName(job);
    if ((await this.#lines(name, signal)).length > 0) return { name };
    const input = jobScript(job, nodePath, nodeDirectory);
    const run = await programs.run("sbatch", sbatchOptions(job, this.#options), { input, signal });
    if (run.ok) return { name };
    // It may have submitted all the same.
    if ((await this.#lines(name, signal)).length > 0) return { name };
    throw new AgentdError(run.isAnswer ? "placement_refused" : "placement_unknown", {
      tried: `submit the job ${name} to Slurm`,
      why: run.why,
      next: run.isAnswer
        ? "Check [placement] partition and extra_args, and the limits of the profile."
        : "Check that Slurm answers: scontrol ping. The job is submitted again under the same name.",
    });
  }

  /** All jobs of that name. @throws AgentdError `placement_unknown`. */
  async #lines(name: string, signal: AbortSignal): Promise<QueueLine[]> {
    // Of ten thousand jobs, it would take longer to read the others than to submit this one.
    const queue = await this.#queue(signal, [`--name=${name}`]);
    if (typeof queue !== "string") return queue.filter((line) => line.name === name);
    throw unknown(`look for the job ${name} in Slurm's queue`, queue);
  }

  /** The jobs of this user that pass the filters, or why nobody knows. @throws the signal's reason. */
  async #queue(signal: AbortSignal, filters: readonly string[] = []): Promise<QueueLine[] | string> {
    const run = await this.#options.programs.run("squeue", [...QUEUE_OPTIONS, ...filters], { signal });
    return run.ok ? readQueue(run.stdout) : run.why;
  }

  /** @throws AgentdError `placement_unknown`; one that has ended meanwhile is fine. */
  async #scancel(args: readonly string[], signal: AbortSignal): Promise<void> {
    const run = await this.#options.programs.run("scancel", args, { signal });
    if (!run.ok && !run.isAnswer) throw unknown(`cancel the job ${args.at(-1)} in Slurm`, run.why);
  }
}

function unknown(tried: string, why: string): AgentdError {
  return new AgentdError("placement_unknown", {
    ...{ tried, why },
    next: "Check that Slurm answers: scontrol ping. agentd asks again.",
  });
}
