import type { JournalEntry } from "../audit/format/journal.ts";
import type { ObservedRecord, RecordObserver } from "../audit/open/record-observer.ts";
import { SessionTale, type TaleHost } from "./session-tale.ts";

/** Between two looks at the files that other programs write. */
const LOOK_MS = 1_000;

export interface TellerHost extends Omit<TaleHost, "onOver"> {
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Follows the journals of all sessions and tells the feed. */
export class SessionTeller implements RecordObserver {
  readonly #host: TellerHost & TaleHost;
  readonly #tales = new Map<string, SessionTale>();
  /** Until what was written before is told. */
  readonly #beginnings = new Set<Promise<void>>();
  readonly #looking: NodeJS.Timeout;
  #isLooking = false;

  constructor(host: TellerHost) {
    this.#host = { ...host, onOver: (sessionId) => void this.#tales.delete(sessionId) };
    this.#looking = setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  opened(record: ObservedRecord, entries: readonly JournalEntry[]): void {
    const tale = new SessionTale(this.#host, record);
    this.#tales.set(record.id, tale);
    this.#tellWebhook(record);
    // What the feed refuses is owed by then.
    const begun = tale.begin(entries).catch(() => undefined);
    this.#beginnings.add(begun);
    void begun.then(() => this.#beginnings.delete(begun));
  }

  appended(sessionId: string, entry: JournalEntry, isDurable: boolean): void {
    this.#tales.get(sessionId)?.add(entry, isDurable);
  }

  async sealed(record: ObservedRecord, retire: () => Promise<void>): Promise<void> {
    const tale = this.#tales.get(record.id);
    if (tale !== undefined) await tale.end(retire);
    else await new SessionTale(this.#host, record).endAgain(retire);
  }

  /** Tells that a record is left as it is, once for each. */
  leftAlone(sessionId: string, reason: string): void {
    const { feed, now } = this.#host;
    const source = `${sessionId}/open`;
    if (feed.cursor(source) !== undefined) return;
    const time = new Date(now()).toISOString();
    const place = { time, session_id: sessionId, source, source_seq: 0 };
    // Where the feed refuses it, the next daemon tells.
    feed.append({ ...place, type: "record.incomplete", data: { reason } }).catch(() => undefined);
  }

  /** Tells of the delivery that started a session, once. Where the feed refuses it, the next daemon tells. */
  #tellWebhook({ id, document }: ObservedRecord): void {
    const { feed } = this.#host;
    const { profile, webhook_name: name, webhook_delivery: delivery, webhook_event: event } = document;
    const source = `${id}/webhook`;
    if (name === null || feed.cursor(source) !== undefined) return;
    const place = { time: document.queued_timestamp, session_id: id, profile, source, source_seq: 0 };
    feed
      .append({ ...place, type: "webhook.received", data: { name, delivery, event } })
      .catch(() => undefined);
  }

  /** Waits until what earlier daemons have not told is told, or owed. */
  async madeGood(): Promise<void> {
    await Promise.all(this.#beginnings);
    await this.#host.failpoints.reach("events_made_good");
  }

  /** Looks at no more files. */
  close(): void {
    clearInterval(this.#looking);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    for (const tale of this.#tales.values()) await tale.read();
    this.#isLooking = false;
  }
}
