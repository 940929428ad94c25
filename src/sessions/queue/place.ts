import type { Admission } from "./admission.ts";
import type { Claim } from "./admission-order.ts";

/** After so many failures in a row at a session's end, others get its place. */
const FAILURES_WITH_PLACE = 3;

/** One session's place among those that may run at once. */
export class Place {
  readonly #admission: Admission;
  readonly #claim: Claim;
  readonly #stopped: AbortSignal;
  #waiting = new AbortController();

  /** @param stopped ends the waiting for a place. */
  constructor(admission: Admission, claim: Claim, stopped: AbortSignal) {
    this.#admission = admission;
    this.#claim = claim;
    this.#stopped = stopped;
  }

  /** Waits for a place, behind those that came before. False when the session was stopped meanwhile, or gave up. */
  async enter(): Promise<boolean> {
    this.#waiting = new AbortController();
    const signal = AbortSignal.any([this.#stopped, this.#waiting.signal]);
    return await this.#admission.enter(this.#claim, signal);
  }

  /** Takes a place for a session that runs already, even when there is none. */
  enterAtOnce(): void {
    this.#admission.enterAtOnce(this.#claim);
  }

  /**
   * Gives the place back once a step has failed so often that it may fail for long; volumes are kept until `leave`.
   *
   * @returns whether it did.
   */
  giveBackAfter(failures: number): boolean {
    if (failures < FAILURES_WITH_PLACE) return false;
    this.#waiting.abort();
    this.#admission.giveBack(this.#claim.sessionId);
    return true;
  }

  /** Gives the place back, or gives up waiting for one. Idempotent. */
  leave(): void {
    this.#waiting.abort();
    this.#admission.leave(this.#claim.sessionId);
  }
}
