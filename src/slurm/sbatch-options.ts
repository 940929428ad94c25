import { jobName, type PlacedJob } from "../placement/placement.ts";

const MIB = 1024 * 1024;
const MINUTE_MS = 60_000;
/** Slurm counts whole minutes, and tells a job 60 seconds before its time is up: the session's own limit comes first. */
const SPARE_MINUTES = 2;
const NODE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

export interface SbatchSettings {
  /** Undefined: Slurm's default. */
  readonly partition: string | undefined;
  /** The operator's; what agentd needs overrides them. */
  readonly extraArgs: readonly string[];
}

/**
 * What sbatch is told. Every user of the cluster sees it, so it says nothing of what the session is about.
 *
 * @throws Error for a name of a node that Slurm would read as a pattern.
 */
export function sbatchOptions(job: PlacedJob, { partition, extraArgs }: SbatchSettings): string[] {
  const { limits, node } = job;
  return [
    // Of options that are there twice, sbatch takes the last.
    ...extraArgs,
    "--parsable",
    `--job-name=${jobName(job)}`,
    ...(partition === undefined ? [] : [`--partition=${partition}`]),
    // ALL would write the whole environment of the daemon into Slurm's state.
    "--export=NONE",
    "--no-requeue",
    "--signal=B:TERM@60",
    "--chdir=/",
    "--output=/dev/null",
    "--error=/dev/null",
    "--nodes=1",
    "--ntasks=1",
    ...(limits.memoryBytes === undefined ? [] : [`--mem=${Math.ceil(limits.memoryBytes / MIB)}M`]),
    ...(limits.cpus === undefined ? [] : [`--cpus-per-task=${Math.ceil(limits.cpus)}`]),
    ...(limits.timeMs === undefined
      ? []
      : [`--time=${Math.ceil(limits.timeMs / MINUTE_MS) + SPARE_MINUTES}`]),
    ...(node === undefined ? [] : [`--nodelist=${nodeName(node)}`]),
  ];
}

function nodeName(node: string): string {
  if (!NODE_NAME.test(node)) throw new Error(`${JSON.stringify(node)} is no name of a node`);
  return node;
}
