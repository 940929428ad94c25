/** A port for whoever follows what journals say: one place, whoever writes the lines. */
import type { SessionDocument } from "../../session-document.ts";
import type { JournalEntry } from "../format/journal.ts";

/** What is known of a record whose journal is followed. */
export interface ObservedRecord {
  readonly id: string;
  readonly directory: string;
  /** As it is now. */
  readonly document: SessionDocument;
  /** What its session was accepted with, as JSON. */
  readonly plan: unknown;
}

/** Who follows the journals of all records. */
export interface RecordObserver {
  /**
   * A record was made, or continues after a restart. Must not throw, nor take long.
   *
   * @param entries all lines of its journal.
   */
  opened(record: ObservedRecord, entries: readonly JournalEntry[]): void;

  /**
   * A line was added to the journal of an opened record. Must not throw, nor take long: a session waits for it.
   *
   * @param isDurable whether the line outlives a power cut by now.
   */
  appended(sessionId: string, entry: JournalEntry, isDurable: boolean): void;

  /**
   * A record is final, whether it was opened or not.
   *
   * @param retire takes it out of the index of open records. Called once the end is told, now or later; a daemon that ends
   *   before leaves it to the next one.
   * @throws what `retire` throws.
   */
  sealed(record: ObservedRecord, retire: () => Promise<void>): Promise<void>;
}
