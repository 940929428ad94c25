/**
 * How a session ended: one table for the record, the wire and the command line.
 *
 * This file imports nothing, so that the client can use it without loading a validator.
 */

/** Every outcome a sealed session can have. The names are a contract: records and scripts contain them. */
export const OUTCOMES = [
  "success",
  "generic_failure",
  "usage_error",
  "blocked",
  "nothing_ready",
  "work_failed",
  "infrastructure_failure",
  "command_not_executable",
  "command_not_found",
  "terminated_by_signal",
  "out_of_memory",
  "timed_out",
  "cancelled",
  "output_limit_exceeded",
  "disk_limit_exceeded",
  "budget_exhausted",
  "llm_refused",
  "stalled",
  "interrupted",
  "launch_failed",
] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** The outcomes that a command itself can report, with its exit code or otherwise. */
export const SAID_OUTCOMES = [
  "generic_failure",
  "usage_error",
  "blocked",
  "nothing_ready",
  "work_failed",
  "infrastructure_failure",
] as const satisfies readonly Outcome[];

/** The step of a launch that failed, for `launch_failed` only. */
export const LAUNCH_STAGES = [
  "credentials",
  "methodology",
  "mounts",
  "clone",
  "image",
  "create",
  "start",
  "network",
  "placement",
] as const;

export type LaunchStage = (typeof LAUNCH_STAGES)[number];

/** The end of a session, flat as in `session.json`; a field that does not apply is null. */
export interface Ending {
  readonly outcome: Outcome;
  /** Exit code of the session's command; null when it never ran or its end was not seen. */
  readonly exit_code: number | null;
  /** Name of the signal that ended the command, such as `SIGSEGV`. */
  readonly signal: string | null;
  readonly stage: LaunchStage | null;
  /** One sentence for the operator on why the session ended so; null where the outcome says it all. */
  readonly cause: string | null;
}

const OUTCOME_OF_CODE: Readonly<Record<number, Outcome>> = {
  0: "success",
  2: "usage_error",
  3: "blocked",
  4: "nothing_ready",
  5: "work_failed",
  6: "infrastructure_failure",
  126: "command_not_executable",
  127: "command_not_found",
};

/** Exit code of `agentd run` for outcomes that do not pass the command's own code on. */
const RUN_EXIT_CODE: Partial<Record<Outcome, number>> = {
  success: 0,
  blocked: 0,
  nothing_ready: 0,
  out_of_memory: 137,
  timed_out: 124,
  cancelled: 130,
  output_limit_exceeded: 123,
  disk_limit_exceeded: 120,
  budget_exhausted: 122,
  llm_refused: 119,
  stalled: 121,
  interrupted: 75,
  launch_failed: 125,
};

/** Outcomes without a failure. */
const WITHOUT_FAILURE: readonly Outcome[] = ["success", "blocked", "nothing_ready", "cancelled"];

/** Whether something went wrong; false of a session that has not ended. */
export function isFailure({ outcome }: { readonly outcome: Outcome | null }): boolean {
  return outcome !== null && !WITHOUT_FAILURE.includes(outcome);
}

/** Whether a command ended by itself, with an exit code that says that it failed. */
export function isOwnFailure(end: Pick<Ending, "outcome" | "exit_code" | "signal">): boolean {
  return isFailure(end) && end.exit_code !== null && end.signal === null && end.outcome !== "out_of_memory";
}

/** What `agentd run` and `agentd wait` exit with when there is no outcome to report: usage, no daemon, refused. */
export const RUN_EXIT_WITHOUT_OUTCOME = 125;

/**
 * Classifies the exit code of a session's command, as the engine reported it.
 *
 * @param signalName turns a signal number into its name, such as 11 into `SIGSEGV`.
 */
export function endingOfExitCode(
  exitCode: number,
  signalName: (number: number) => string | undefined,
): Ending {
  if (exitCode >= 129 && exitCode <= 192) {
    const number = exitCode - 128;
    const signal = signalName(number) ?? `SIG${number}`;
    return ending("terminated_by_signal", { exit_code: exitCode, signal });
  }
  return ending(OUTCOME_OF_CODE[exitCode] ?? "generic_failure", { exit_code: exitCode });
}

/** An ending in which every field that is not given is null. */
export function ending(outcome: Outcome, fields: Partial<Omit<Ending, "outcome">> = {}): Ending {
  return { outcome, exit_code: null, signal: null, stage: null, cause: null, ...fields };
}

/** What `agentd run` and `agentd wait` exit with for a session that ended so. */
export function runExitCode(end: Pick<Ending, "outcome" | "exit_code">): number {
  return RUN_EXIT_CODE[end.outcome] ?? end.exit_code ?? RUN_EXIT_WITHOUT_OUTCOME;
}
