/** A feed of events without a disk, for tests of those who read it; and events for it. */
import type { EventData, EventType, FeedEvent, NewEvent } from "../../src/events/event.ts";
import type { EventFeed } from "../../src/events/feed.ts";
import type { Outcome } from "../../src/outcome.ts";

export class MemoryFeed implements EventFeed {
  readonly events: FeedEvent[] = [];
  readonly #waiting = new Set<() => void>();
  oldest = 1;

  get latest(): number {
    return this.events.at(-1)?.seq ?? 0;
  }

  append(event: NewEvent): Promise<FeedEvent> {
    const added = { ...event, seq: this.latest + 1 } as FeedEvent;
    this.events.push(added);
    for (const wake of this.#waiting) wake();
    return Promise.resolve(added);
  }

  after(seq: number, limit: number): Promise<readonly FeedEvent[]> {
    return Promise.resolve(this.events.filter((event) => event.seq > seq).slice(0, limit));
  }

  async wait(seq: number, ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.latest > seq) return;
    await new Promise<void>((resolve, reject) => {
      const end = (settle: () => void) => (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        settle();
      };
      const wake = end(resolve);
      const timer = setTimeout(wake, ms);
      this.#waiting.add(wake);
      signal.addEventListener(
        "abort",
        end(() => reject(signal.reason as Error)),
        { once: true },
      );
    });
  }
}

/** An event of any type. */
export function eventOf<T extends EventType>(
  type: T,
  data: EventData<T>,
  about: { readonly time?: string; readonly profile?: string; readonly session_id?: string } = {},
): NewEvent {
  return {
    source: "daemon",
    source_seq: 0,
    time: "2026-02-03T04:05:06.789Z",
    ...about,
    type,
    data,
  } as NewEvent;
}

/** The end of a session. */
export function sealedEvent(
  profile: string,
  outcome: Outcome,
  changes: Partial<EventData<"session.sealed">> & { readonly session_id?: string } = {},
): NewEvent {
  const { session_id = "0198f2a4c6e81234", ...data } = changes;
  return eventOf(
    "session.sealed",
    {
      ...{ outcome, exit_code: null, signal: null, stage: null, cause: null, trigger: "schedule" },
      ...{ work_unit: null, start_timestamp: null, end_timestamp: null, usd: null, request_url: null },
      ...data,
    },
    { profile, session_id },
  );
}
