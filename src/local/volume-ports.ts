/** What the local executor needs of the rooms below it for volumes. */

/** The volumes of an instance, by their ids such as `site-builder/npm-cache`. */
export interface Volumes {
  /** Where what sessions see of a volume is, or would be. */
  directoryOf(id: string): string;
  /** That directory, made where it is missing. Throws `volume_failed`. */
  open(id: string): Promise<string>;
  /** Removes all that is in a volume. Throws `volume_failed`. */
  empty(id: string): Promise<void>;
  /**
   * Copies a volume, which another session may write meanwhile, to where it is removed with the session; one that does not exist is
   * empty.
   *
   * @returns the copy. @throws AgentdError `volume_failed`; the signal's reason.
   */
  copy(id: string, sessionId: string, signal: AbortSignal): Promise<string>;
}
