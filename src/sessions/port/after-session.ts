/** Programs that run on this host after a session, in the words of sessions. */

/** What is to run for one session. */
export interface OwedPrograms {
  readonly sessionId: string;
  readonly profile: string;
  /** Directory of the record. */
  readonly directory: string;
  /** Each a program with its arguments, in the order in which they run. */
  readonly commands: readonly (readonly string[])[];
}

export interface AfterSessions {
  /** Writes down durably what is to run once the record is sealed. Repeated, it changes nothing. */
  owe(owed: OwedPrograms): Promise<void>;
  /** The record is sealed: what is owed begins to run. Does not wait for it. */
  sealed(sessionId: string): void;
}
