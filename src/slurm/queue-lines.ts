import type { EngineEnding, Observation } from "../placement/placement.ts";
import { readDuration } from "./duration.ts";

/**
 * Asks squeue for all jobs of this user, ended ones too. Not as JSON: 22.05 ignores every filter then. The reason is last,
 * because it may have any character.
 */
export const QUEUE_OPTIONS = [
  "--noheader",
  "--all",
  "--me",
  "--states=all",
  "--format=%i|%T|%N|%j|%M|%L|%r",
] as const;

/** One job, as squeue shows it. */
export interface QueueLine {
  readonly id: string;
  /** Slurm's word, such as `PENDING`. */
  readonly state: string;
  /** Empty before it has one. */
  readonly node: string;
  readonly name: string;
  /** How long this run of it has taken; undefined where Slurm does not say. */
  readonly ranMs: number | undefined;
  /** Until its time limit; undefined without one. */
  readonly leftMs: number | undefined;
  readonly reason: string;
}

const WAITING = new Set([
  ...["PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"],
  "POWER_UP_NODE",
]);
/** COMPLETING too: its processes are still there. */
const RUNNING = new Set([
  ...["RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING"],
]);
const ENDED = new Set([
  ...["COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE"],
  ...["OUT_OF_MEMORY", "REVOKED", "LAUNCH_FAILED", "RECONFIG_FAIL"],
]);

const NO_REASON = new Set(["", "None"]);
/** A job is told 60 seconds before its time is up, and squeue may be asked some seconds later or earlier. */
const NEAR_LIMIT_MS = 90_000;
/** What people read of a job that Slurm ends because somebody wants it so, or a limit. */
const ENDINGS: Readonly<Record<string, string>> = {
  CANCELLED: "its job was cancelled in Slurm",
  TIMEOUT: "its job has reached its time limit in Slurm",
  DEADLINE: "its job has reached its deadline in Slurm",
  PREEMPTED: "its job was preempted in Slurm",
};

/** Reads what squeue prints. Lines of other forms are other jobs: agentd's own have no surprises in their names. */
export function readQueue(stdout: string): QueueLine[] {
  return stdout.split("\n").flatMap((line) => {
    const [, id, state, node, name, ran = "", left = "", reason = ""] =
      /^(\d+)\|([A-Z_]+)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|(.*)$/.exec(line) ?? [];
    if (id === undefined || state === undefined || node === undefined || name === undefined) return [];
    return [{ id, state, node, name, ranMs: readDuration(ran), leftMs: readDuration(left), reason }];
  });
}

/** Whether a job may still start or run. */
export function isLive({ state }: QueueLine): boolean {
  return !ENDED.has(state);
}

/**
 * What squeue says about one job.
 *
 * @param lines all that have its name. There are several when Slurm had lost one: then what may live counts.
 */
export function observationOf(lines: readonly QueueLine[]): Observation {
  const line = lines.find(isLive) ?? lines.at(-1);
  if (line === undefined) return { at: "absent" };
  const { state, node, reason } = line;
  const ending = endingOf(line);
  const ends = ending === undefined ? {} : { ending };
  if (WAITING.has(state)) return { at: "queued", reason };
  if (RUNNING.has(state)) return { at: "running", node, ...ends };
  if (ENDED.has(state)) {
    const where = node === "" ? {} : { node };
    const why = NO_REASON.has(reason) ? {} : { reason };
    return { at: "ended", engineState: state, ...where, ...why, ...ends };
  }
  return { at: "unknown", why: `Slurm calls the state of the job ${state}, which agentd does not know` };
}

/** Undefined where nobody has ordered the end of the job, as far as Slurm says: it runs, or Slurm has lost its node. */
function endingOf({ state, ranMs, leftMs, reason }: QueueLine): EngineEnding | undefined {
  const ended = stateBehind(state, leftMs, reason);
  const why = ended === undefined ? undefined : ENDINGS[ended];
  return why === undefined || ranMs === undefined ? undefined : { why, ranMs };
}

/** What the end of a job will be called: until its processes have gone, Slurm says only that it is COMPLETING. */
function stateBehind(state: string, leftMs: number | undefined, reason: string): string | undefined {
  if (state === "RUNNING") return leftMs !== undefined && leftMs <= NEAR_LIMIT_MS ? "TIMEOUT" : undefined;
  if (state !== "COMPLETING") return state;
  if (reason === "TimeLimit") return "TIMEOUT";
  return NO_REASON.has(reason) ? "CANCELLED" : undefined;
}
