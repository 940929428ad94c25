/** A real Slurm, agentd's placement on it, and a runner in place of agentd that notes what a job gives it. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JobRef, Observation, PlacedJob } from "../../src/placement/placement.ts";
import { jobName } from "../../src/placement/placement.ts";
import { type SlurmOptions, SlurmPlacement } from "../../src/slurm/slurm-placement.ts";
import { SlurmPrograms } from "../../src/slurm/slurm-programs.ts";
import { type Slurm, startSlurm } from "./slurm.mjs";
import { until } from "./until.mjs";

const NO_LIMITS = { memoryBytes: undefined, cpus: undefined, timeMs: undefined };

/** In the environment of a daemon, and nowhere else. */
export const CANARY = "canary-4f1d0c2b9a";

export class PlacedJobs {
  readonly slurm: Slurm;
  readonly signal = new AbortController().signal;
  readonly #notes: string;
  #sessions = 0;

  private constructor(slurm: Slurm) {
    this.slurm = slurm;
    this.#notes = join(slurm.directory, "notes");
  }

  /** @param settings lines of slurm.conf. */
  static async start(settings: readonly string[] = []): Promise<PlacedJobs> {
    const jobs = new PlacedJobs(await startSlurm({ settings }));
    await mkdir(jobs.#notes);
    await mkdir(jobs.#bin);
    await writeFile(join(jobs.#bin, "agentd"), runner(jobs.#notes), { mode: 0o755 });
    return jobs;
  }

  /** The placement of a daemon. @param programs a directory before PATH, for the daemon's programs. */
  placement(options: Partial<SlurmOptions> = {}, programs?: string): SlurmPlacement {
    const PATH = [...(programs === undefined ? [] : [programs]), this.slurm.variables.PATH].join(":");
    const environment = { ...this.slurm.variables, PATH, PROVIDER_KEY: CANARY, SBATCH_EXPORT: "ALL" };
    return new SlurmPlacement({
      ...{ programs: new SlurmPrograms(environment), monotonic: () => performance.now() },
      ...{ partition: "main", extraArgs: [], nodePath: `${this.#bin}:/usr/bin:/bin` },
      ...options,
    });
  }

  /** A job of a session of its own, unless another is said. */
  job(changes: Partial<PlacedJob> = {}): PlacedJob {
    this.#sessions += 1;
    return {
      head: "0a1b2c3d",
      sessionId: this.#sessions.toString(16).padStart(16, "0"),
      attempt: 1,
      node: undefined,
      isResume: false,
      claim: { address: "127.0.0.1:7799", fingerprint: "ab".repeat(32), token: `token-${"x".repeat(30)}` },
      limits: NO_LIMITS,
      ...changes,
    };
  }

  async observe(placement: SlurmPlacement, job: PlacedJob): Promise<Observation> {
    const name = jobName(job);
    return (await placement.observe([{ name }], this)).get(name) ?? { at: "absent" };
  }

  /** Waits until the placement sees the job there. */
  async sees(placement: SlurmPlacement, job: PlacedJob, at: Observation["at"]): Promise<Observation> {
    return await until(`${jobName(job)} ${at}`, async () => {
      const seen = await this.observe(placement, job);
      return seen.at === at && seen;
    });
  }

  /** Waits until the runner of the job has started. */
  async started(job: PlacedJob): Promise<void> {
    await until(`the start of ${jobName(job)}`, () => existsSync(this.#note(job, "started")));
  }

  /** One line for each thing that happened to the runners of a job: `start NODE`, `TERM`, `end`. */
  async happened(job: PlacedJob): Promise<string[]> {
    return (await readFile(this.#note(job, "happened"), "utf8").catch(() => "")).split("\n").slice(0, -1);
  }

  /** What a runner was given: its arguments, its standard input, its environment. */
  async given(job: PlacedJob): Promise<{ args: string; input: string; environment: string }> {
    const [args, input, environment] = await Promise.all(
      ["args", "input", "environment"].map((what) => readFile(this.#note(job, what), "utf8")),
    );
    return { args: args ?? "", input: input ?? "", environment: environment ?? "" };
  }

  /** Has the runner of a job, before it is submitted, go on when it is told to end. */
  async makeStubborn(job: PlacedJob): Promise<void> {
    await writeFile(this.#note(job, "stubborn"), "");
  }

  /** Lets the runner end by itself. */
  async finish(job: PlacedJob): Promise<void> {
    await writeFile(this.#note(job, "go"), "");
  }

  /** Slurm's number of a job that is alive. */
  async idOf(job: PlacedJob): Promise<string> {
    const args = ["--noheader", `--name=${jobName(job)}`, "--format=%i"];
    return (await this.slurm.run("squeue", args)).stdout;
  }

  /** How many jobs of that name Slurm has. */
  async count({ name }: JobRef): Promise<number> {
    const args = ["--noheader", "--states=all", `--name=${name}`, "--format=%i"];
    const { stdout } = await this.slurm.run("squeue", args);
    return stdout === "" ? 0 : stdout.split("\n").length;
  }

  async close(): Promise<void> {
    await this.slurm.close();
  }

  get #bin(): string {
    return join(this.slurm.directory, "bin");
  }

  #note(job: PlacedJob, what: string): string {
    return join(this.#notes, `${jobName(job)}.${what}`);
  }
}

function runner(notes: string): string {
  return `#!/bin/sh
for word; do case $word in --job=*) at=${notes}/\${word#--job=} ;; esac; done
echo "$*" >$at.args
cat >$at.input
env >$at.environment
echo "start $SLURMD_NODENAME" >>$at.happened
trap 'echo TERM >>$at.happened; [ -e $at.stubborn ] || exit 0' TERM
: >$at.started
until [ -e $at.go ]; do sleep 0.05; done
echo end >>$at.happened
`;
}
