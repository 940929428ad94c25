/** A running command, in the words of sessions: what can be done to it and what it uses. */
import type { Profile } from "../../profile/profile.ts";

export interface ExecOptions {
  /** Program and arguments. */
  readonly command: readonly string[];
  /** Whether it gets the session's credentials, as the session's own command did. */
  readonly credentials: boolean;
}

/** A process of a session. */
export interface SessionProcess {
  /** Its number in the session. */
  readonly pid: number;
  readonly hostPid: number;
  /** The kernel's letter, such as `R`, `S`, `T` or `Z`. */
  readonly state: string;
  readonly threads: number;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  readonly ageSeconds: number;
  /** Its command line, as one text; written by the session. */
  readonly command: string;
}

/** What a session uses at this moment. */
export interface Usage {
  /** Processor time since its start. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  /** Processes and threads. */
  readonly pids: number;
  readonly processes: readonly SessionProcess[];
}

/** The part of a job by which its files are found. */
export interface DiskJob {
  readonly sessionId: string;
  readonly profile: Pick<Profile, "name" | "volumes">;
  readonly runaDirectory: string;
}

/** What a session has on the disk. */
export interface DiskUse {
  /**
   * Of its clone, its home, its `.runa`, its copies of volumes and its container's layer: blocks, so a hole takes none, and a hard
   * link none again.
   */
  readonly bytes: number;
  /** Of the volumes that it has itself and that have a size. */
  readonly volumes: readonly { readonly id: string; readonly bytes: number; readonly limitBytes: number }[];
}

/**
 * The part of an executor for commands that run.
 *
 * @typeParam Job the part of a job by which its command is found.
 */
export interface LiveJobs<Job> {
  /**
   * Prepares a command beside the one that runs: in the same container, as the same user, with its variables but the
   * credentials, unless it is to have them. The operator's client starts it.
   *
   * @param options.signal aborted when the session's command has ended: then nothing is handed over any more.
   * @returns what to start.
   * @throws AgentdError `credential_unset`, `credential_invalid`, `state_unusable`.
   */
  exec(job: Job, options: ExecOptions & { readonly signal: AbortSignal }): Promise<readonly string[]>;
  /**
   * Has all processes of a running command stand still; those that do stay so.
   *
   * @throws AgentdError `pause_failed`: some may stand still.
   */
  pause(ref: string): Promise<void>;
  /** Has them go on, in whatever state they are. @throws AgentdError `pause_failed`. */
  resume(ref: string): Promise<void>;
  /** What a command uses now; undefined when it has ended. */
  usage(ref: string): Promise<Usage | undefined>;
  /**
   * Measures what the profile bounds of a session on the disk. Takes long where there are many files. The command may run
   * or have ended; what was made for it is still there.
   *
   * @throws AgentdError when it cannot be measured.
   */
  diskUse(job: DiskJob, ref: string): Promise<DiskUse>;
}
