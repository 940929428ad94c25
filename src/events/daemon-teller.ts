import type { Debtor, Debts } from "./debts.ts";
import type { DurableFeed } from "./durable-feed.ts";
import type { EventData, EventType, NewEvent } from "./event.ts";

/** Where the events come from that are in no other file. */
export const DAEMON_SOURCE = "daemon";

/** Events that wait for a full disk; more are lost. */
const MOST_KEPT = 1_000;

/** What no journal of a session, no log of schedules and no chain of records tells. */
export type DaemonEventType = Exclude<
  EventType,
  `${"session" | "schedule" | "llm" | "egress" | "publish" | "record"}.${string}`
>;

/** Tells the feed what the daemon does, and what becomes of its configuration. */
export class DaemonTeller implements Debtor {
  readonly #feed: DurableFeed;
  readonly #debts: Debts;
  readonly #now: () => number;
  /** Those that the feed does not have yet, oldest first. */
  #kept: NewEvent[] = [];
  #nextSeq: number;
  readonly #degraded = new Set<string>();
  #isOwing = false;

  /** @param now wall clock, in milliseconds since the epoch. */
  constructor(feed: DurableFeed, debts: Debts, now: () => number) {
    this.#feed = feed;
    this.#debts = debts;
    this.#now = now;
    this.#nextSeq = (feed.cursor(DAEMON_SOURCE)?.seq ?? -1) + 1;
  }

  /** @param profile that it is about; default: none. */
  readonly tell = <T extends DaemonEventType>(type: T, data: EventData<T>, profile?: string): void => {
    if (this.#kept.length >= MOST_KEPT) return;
    const time = new Date(this.#now()).toISOString();
    const place = { time, profile, source: DAEMON_SOURCE, source_seq: this.#nextSeq };
    const event = { ...place, type, data } as NewEvent;
    this.#nextSeq += 1;
    this.#kept.push(event);
    if (!this.#isOwing) this.#append(event).catch(() => undefined); // Kept, and owed from now on.
  };

  /** Tells when something that sessions need stops working, and when it works again. @param why undefined: it works. */
  health(what: string, why: string | undefined): void {
    if (this.#degraded.has(what) === (why !== undefined)) return;
    if (why === undefined) {
      this.#degraded.delete(what);
      this.tell("daemon.recovered", { what });
    } else {
      this.#degraded.add(what);
      this.tell("daemon.degraded", { what, why });
    }
  }

  async makeGood(): Promise<void> {
    this.#feed.mend(DAEMON_SOURCE);
    this.#isOwing = false;
    await Promise.all([...this.#kept].map((event) => this.#append(event)));
  }

  async #append(event: NewEvent): Promise<void> {
    try {
      await this.#feed.append(event);
      this.#kept = this.#kept.filter((each) => each !== event);
    } catch (error) {
      this.#isOwing = true;
      this.#debts.add(this);
      throw error;
    }
  }
}
