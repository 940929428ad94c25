/** How long a session has stood still, and whether it does. */
import { type Enqueue, oneAtATime } from "../../one-at-a-time.ts";

/** What the journal says of a session's pauses. Times are of `Clock.uptime`. */
export interface PauseTrail {
  /** All that are over, together, in milliseconds. */
  readonly earlierMs: number;
  /** The one that lasts; undefined: none. */
  readonly current: { readonly sinceUptimeMs: number; readonly sinceTimestamp: string } | undefined;
}

export const NEVER_PAUSED: PauseTrail = { earlierMs: 0, current: undefined };

export class Pauses {
  /** Pausing and resuming take turns. */
  readonly inTurn: Enqueue = oneAtATime();
  readonly #onChange: () => void;
  #trail: PauseTrail;
  #untilChange = new AbortController();

  /**
   * @param trail of an earlier daemon; default: never paused.
   * @param onChange called after each change.
   */
  constructor(trail: PauseTrail = NEVER_PAUSED, onChange: () => void = () => undefined) {
    this.#trail = trail;
    this.#onChange = onChange;
  }

  /** Since when the session is paused, RFC 3339; undefined when it is not. */
  get since(): string | undefined {
    return this.#trail.current?.sinceTimestamp;
  }

  get isPaused(): boolean {
    return this.#trail.current !== undefined;
  }

  /** Aborts at the next change; ask again after that. */
  get untilChange(): AbortSignal {
    return this.#untilChange.signal;
  }

  /** How long it has stood still in all, in milliseconds. @param uptimeMs what `Clock.uptime` shows. */
  pausedMs(uptimeMs: number): number {
    const { earlierMs, current } = this.#trail;
    return earlierMs + (current === undefined ? 0 : Math.max(0, uptimeMs - current.sinceUptimeMs));
  }

  /** @param timestamp the same moment on the wall clock, RFC 3339. */
  begin(uptimeMs: number, timestamp: string): void {
    this.#change({ ...this.#trail, current: { sinceUptimeMs: uptimeMs, sinceTimestamp: timestamp } });
  }

  end(uptimeMs: number): void {
    this.#change({ earlierMs: this.pausedMs(uptimeMs), current: undefined });
  }

  #change(trail: PauseTrail): void {
    this.#trail = trail;
    const changed = this.#untilChange;
    this.#untilChange = new AbortController();
    changed.abort();
    this.#onChange();
  }
}
