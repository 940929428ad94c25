import type { Observation } from "../placement/placement.ts";

/**
 * Asks squeue for all jobs of this user, ended ones too. Not as JSON: 22.05 ignores every filter then. The reason is last,
 * because it may have any character.
 */
export const QUEUE_OPTIONS = [
  "--noheader",
  "--all",
  "--me",
  "--states=all",
  "--format=%i|%T|%N|%j|%r",
] as const;

/** One job, as squeue shows it. */
export interface QueueLine {
  readonly id: string;
  /** Slurm's word, such as `PENDING`. */
  readonly state: string;
  /** Empty before it has one. */
  readonly node: string;
  readonly name: string;
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

/** Reads what squeue prints. Lines of other forms are other jobs: agentd's own have no surprises in their names. */
export function readQueue(stdout: string): QueueLine[] {
  return stdout.split("\n").flatMap((line) => {
    const [, id, state, node, name, reason] = /^(\d+)\|([A-Z_]+)\|([^|]*)\|([^|]*)\|(.*)$/.exec(line) ?? [];
    if (id === undefined || state === undefined || node === undefined || name === undefined) return [];
    return [{ id, state, node, name, reason: reason ?? "" }];
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
  if (WAITING.has(state)) return { at: "queued", reason };
  if (RUNNING.has(state)) return { at: "running", node };
  if (ENDED.has(state)) {
    const where = node === "" ? {} : { node };
    return { at: "ended", engineState: state, ...where, ...(NO_REASON.has(reason) ? {} : { reason }) };
  }
  return { at: "unknown", why: `Slurm calls the state of the job ${state}, which agentd does not know` };
}
