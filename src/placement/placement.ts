/**
 * Starts the runners of sessions on other machines, by an engine that these have already. The engine starts and cancels,
 * and nothing else of it is believed: it loses jobs, runs them twice and calls them ended while they run.
 */

/** One start of a session's runner. */
export interface PlacedJob {
  /** The daemon that places it: 8 hex digits of its instance. */
  readonly head: string;
  readonly sessionId: string;
  /** Counts from 1, over starts and resumes together. Each has a name of its own. */
  readonly attempt: number;
  /** The only node that may have it, for a resume; undefined: any. */
  readonly node: string | undefined;
  /** Whether the runner goes on with what an earlier one has left on that node. */
  readonly isResume: boolean;
  readonly claim: ClaimTicket;
  readonly limits: PlacedLimits;
}

/** With it a runner finds the head and claims its session. */
export interface ClaimTicket {
  /** Host and port of the head's channel: `head.example.org:7799`, `[2001:db8::1]:7799`. */
  readonly address: string;
  /** SHA-256 of the channel's certificate, 64 lowercase hex digits. */
  readonly fingerprint: string;
  /** Works once. base64url. */
  readonly token: string;
}

/** What the engine is asked for; what really limits a session is Podman on its node. */
export interface PlacedLimits {
  readonly memoryBytes: number | undefined;
  /** Processors, also parts of one. */
  readonly cpus: number | undefined;
  /** From the start of the job to its kill: the session's timeout, its preparation and its grace. */
  readonly timeMs: number | undefined;
}

/** Names one job, also when it is unknown whether it was ever submitted. */
export interface JobRef {
  /** `agentd-HEAD-SESSION-ATTEMPT`; no other job of this user has it. */
  readonly name: string;
}

/** That the engine ends a run of a job, by an order or a limit. */
export interface EngineEnding {
  /** In words for people, such as "its job was cancelled in Slurm". */
  readonly why: string;
  /**
   * How long the run had taken. An engine that has lost its memory may start a job again that runs, or give its number to
   * another, and end that run: then it is shorter than the runner's.
   */
  readonly ranMs: number;
}

/** What an engine says about a job. */
export type Observation =
  | { readonly at: "queued"; readonly reason: string }
  /** Also while its end is not over. */
  | { readonly at: "running"; readonly node: string; readonly ending?: EngineEnding | undefined }
  /** Never an outcome: only the session's own record has that. */
  | {
      readonly at: "ended";
      /** The engine's word for it. */
      readonly engineState: string;
      readonly node?: string | undefined;
      /** Why, in the engine's words. */
      readonly reason?: string | undefined;
      readonly ending?: EngineEnding | undefined;
    }
  /** The engine answers and knows no such job. */
  | { readonly at: "absent" }
  /** The engine could not be asked, or says what nobody understands. */
  | { readonly at: "unknown"; readonly why: string };

export interface Placement {
  /**
   * Submits a job, unless the engine has one of that name already.
   *
   * @throws AgentdError `placement_refused` when it is certain that there is no such job; `placement_unknown` when there
   *   may be one: the same job may be submitted again.
   */
  submit(job: PlacedJob, options: { readonly signal: AbortSignal }): Promise<JobRef>;
  /** Asks once for all jobs. Does not reject. @returns One for each job, by its name. */
  observe(
    jobs: readonly JobRef[],
    options: { readonly signal: AbortSignal },
  ): Promise<ReadonlyMap<string, Observation>>;
  /**
   * Takes a waiting job back; tells a running one to end, and has the engine kill it when it still runs after the grace.
   * A job that has ended, or that the engine does not know, is fine.
   *
   * @throws AgentdError `placement_unknown` when the engine cannot be asked; the signal's reason.
   */
  cancel(job: JobRef, options: { readonly graceMs: number; readonly signal: AbortSignal }): Promise<void>;
  /** The machines that it has. @throws AgentdError `placement_unknown` when it cannot be asked; the signal's reason. */
  nodes(options: { readonly signal: AbortSignal }): Promise<readonly EngineNode[]>;
}

/** A machine, in the words of its engine. */
export interface EngineNode {
  readonly name: string;
  readonly state: string;
  /** Why it takes no jobs; undefined where the engine says nothing. */
  readonly reason: string | undefined;
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** The name of a job. It says nothing of what the session is about: every user of the engine sees it. */
export function jobName({
  head,
  sessionId,
  attempt,
}: Pick<PlacedJob, "head" | "sessionId" | "attempt">): string {
  return `agentd-${head}-${sessionId}-${attempt}`;
}
