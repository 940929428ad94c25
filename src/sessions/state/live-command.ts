/** The command of a session while it runs. */
export class LiveCommand {
  /** What it had on the disk at the last look; undefined before that, and where its profile has no bound. */
  diskBytes: number | undefined;
  #running: { readonly ref: string; readonly signal: AbortSignal } | undefined;

  /**
   * To be called when the command has its credentials.
   *
   * @param signal aborted once it has ended, or this daemon follows it no more.
   */
  begin(ref: string, signal: AbortSignal): void {
    this.#running = { ref, signal };
  }

  /** What runs; undefined before it has begun and after its end. */
  get running(): { readonly ref: string; readonly signal: AbortSignal } | undefined {
    return this.#running?.signal.aborted === false ? this.#running : undefined;
  }
}
