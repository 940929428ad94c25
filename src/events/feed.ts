/** The port of the feed: one durable, ordered log of what happens. */
import type { FeedEvent, NewEvent } from "./event.ts";

export interface EventFeed {
  /**
   * Adds an event. Events get their numbers in the order of the calls.
   *
   * @returns the event, once it is durable; nobody reads it before.
   * @throws AgentdError `state_unusable`: it is not in the feed.
   */
  append(event: NewEvent): Promise<FeedEvent>;

  /**
   * The events that follow one, in their order.
   *
   * @param seq of the last event that is known; 0: from the oldest that is kept.
   * @param limit how many at most.
   * @throws AgentdError `state_unusable`.
   */
  after(seq: number, limit: number): Promise<readonly FeedEvent[]>;

  /**
   * Resolves once there are events after one, or the time is over.
   *
   * @param ms at most, in milliseconds.
   * @throws the signal's reason when that comes first.
   */
  wait(seq: number, ms: number, signal: AbortSignal): Promise<void>;

  /** The number of the newest event; 0 while there was none. */
  readonly latest: number;

  /** The number of the oldest event that is kept; `latest + 1` when none is. */
  readonly oldest: number;
}
