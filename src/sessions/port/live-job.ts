/** A running command, in the words of sessions: what can be done to it and what it uses. */
export interface ExecOptions {
  /** Program and arguments. */
  readonly command: readonly string[];
  /** Whether it gets the session's credentials, as the session's own command did. */
  readonly credentials: boolean;
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
}
