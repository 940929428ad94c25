import {
  type AdmissionLimits,
  type Claim,
  decideAdmission,
  type Verdict,
  type Waiting,
} from "./admission-order.ts";

/** The position of a session in the queue. */
export interface QueuePlace {
  /** From 1, in the order in which the sessions would be admitted now. */
  readonly position: number;
  /** What it waits for; names the limit. */
  readonly reason: string;
}

interface Entry extends Waiting {
  readonly admit: () => void;
}

/** Decides which sessions run now, by the rules of `decideAdmission`. */
export class Admission {
  #limits: AdmissionLimits;
  readonly #onChange: () => void;
  /** In the order in which they came. */
  #queue: readonly Entry[] = [];
  readonly #running = new Map<string, Claim>();
  /** Sessions that have given their place back and still have their volumes. */
  readonly #ending = new Map<string, Claim>();
  /** The round of each profile's session that was admitted last. */
  readonly #rounds = new Map<string, number>();
  /** The current round. */
  #round = 1;
  /** The position of each session; undefined when it has to be worked out again. */
  #places: ReadonlyMap<string, QueuePlace> | undefined;
  #isReviewDue = false;
  #isClosed = false;
  /** Why no session is admitted for now. */
  #held: string | undefined;

  /** @param onChange called after the queue, or a place in it, may have changed. Default: not called. */
  constructor(limits: AdmissionLimits, onChange: () => void = () => undefined) {
    this.#limits = limits;
    this.#onChange = onChange;
  }

  /**
   * Waits for a place. A session that was admitted must call `leave`.
   *
   * @returns false when the signal ended the wait; the place in the queue is given up then.
   */
  enter(claim: Claim, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve(false);
        return;
      }
      const giveUp = (): void => {
        this.#queue = this.#queue.filter((each) => each !== entry);
        this.#reviewSoon();
        resolve(false);
      };
      const admit = (): void => {
        signal.removeEventListener("abort", giveUp);
        resolve(true);
      };
      const entry: Entry = { claim, cameInRound: this.#round, admit };
      signal.addEventListener("abort", giveUp, { once: true });
      this.#queue = [...this.#queue, entry];
      this.#reviewSoon();
    });
  }

  /** Takes a place for a session that runs already, even when there is none. It must call `leave`. */
  enterAtOnce(claim: Claim): void {
    this.#running.set(claim.sessionId, claim);
    this.#reviewSoon();
  }

  /** Gives a place back, and all volumes; without one, nothing happens. */
  leave(sessionId: string): void {
    this.#running.delete(sessionId);
    this.#ending.delete(sessionId);
    this.#reviewSoon();
  }

  /** Gives a place back, but not the volumes: something of the session may still write to them. It must call `leave`. */
  giveBack(sessionId: string): void {
    const claim = this.#running.get(sessionId);
    if (claim === undefined) return;
    this.#running.delete(sessionId);
    this.#ending.set(sessionId, claim);
    this.#reviewSoon();
  }

  /** Changes the limits from now on; running sessions continue. */
  limitTo(limits: AdmissionLimits): void {
    this.#limits = limits;
    this.#reviewSoon();
  }

  /** Whether a session waits. */
  get hasWaiting(): boolean {
    return this.#queue.length > 0;
  }

  /** Admits no session while there is a reason, which is shown for all that wait; undefined: admits again. */
  hold(reason: string | undefined): void {
    if (reason === this.#held) return;
    this.#held = reason;
    this.#reviewSoon();
  }

  /** Admits no more sessions; those that wait stay queued. */
  close(): void {
    this.#isClosed = true;
    this.#places = undefined;
  }

  /** Undefined when the session does not wait. */
  position(sessionId: string): QueuePlace | undefined {
    this.#places ??= new Map(
      this.#verdicts().map(({ claim, reason }, index) => {
        return [claim.sessionId, { position: index + 1, reason: this.#reasonNow(reason) }];
      }),
    );
    return this.#places.get(sessionId);
  }

  /** After this turn: a session that enters in the same turn, such as one that runs already, is counted first. */
  #reviewSoon(): void {
    this.#places = undefined;
    if (this.#isReviewDue) return;
    this.#isReviewDue = true;
    queueMicrotask(() => {
      this.#isReviewDue = false;
      this.#review();
      this.#onChange();
    });
  }

  #review(): void {
    // Saves the work when no place is free anyway.
    if (this.#isClosed || this.#held !== undefined || this.#queue.length === 0 || this.#isFull) return;
    const admitted = new Map(
      this.#verdicts().flatMap((verdict) =>
        verdict.reason === undefined ? [[verdict.claim.sessionId, verdict] as const] : [],
      ),
    );
    if (admitted.size === 0) return;
    const isAdmitted = ({ claim }: Entry): boolean => admitted.has(claim.sessionId);
    const entries = this.#queue.filter(isAdmitted);
    this.#queue = this.#queue.filter((entry) => !isAdmitted(entry));
    for (const verdict of admitted.values()) this.#take(verdict);
    this.#places = undefined;
    for (const { admit } of entries) admit();
  }

  /** Whether no place is free for any session that waits. */
  get #isFull(): boolean {
    const { maxSessions, maxPlaced = Infinity } = this.#limits;
    if (this.#running.size < Math.min(maxSessions, maxPlaced)) return false;
    const placed = [...this.#running.values()].filter(({ isPlaced }) => isPlaced === true).length;
    return this.#running.size - placed >= maxSessions && placed >= maxPlaced;
  }

  #take({ claim, round }: Verdict): void {
    this.#running.set(claim.sessionId, claim);
    this.#ending.delete(claim.sessionId);
    this.#rounds.set(claim.profile, round);
    this.#round = Math.max(this.#round, round);
  }

  #verdicts(): Verdict[] {
    return decideAdmission({
      ...{ waiting: this.#queue, running: this.#running.values(), ending: this.#ending.values() },
      ...{ rounds: this.#rounds, limits: this.#limits },
    });
  }

  #reasonNow(reason: string | undefined): string {
    if (this.#isClosed) return "the daemon is shutting down";
    return this.#held ?? reason ?? "is about to start";
  }
}
