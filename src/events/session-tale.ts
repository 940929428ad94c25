import type { JournalEntry } from "../audit/format/journal.ts";
import type { ObservedRecord } from "../audit/open/record-observer.ts";
import type { Failpoints } from "../failpoints.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import type { Debtor, Debts } from "./debts.ts";
import type { AppendEvent, DurableFeed } from "./durable-feed.ts";
import type { NewEvent } from "./event.ts";
import { JournalEvents, journalSource, sealedEvent } from "./journal-events.ts";

/** The files of a session that other programs write, read on and on. */
export interface OtherFiles {
  /** What they tell since the last call, without what the feed had when they were opened. */
  next(): Promise<readonly NewEvent[]>;
}

export interface TaleHost {
  readonly feed: DurableFeed;
  readonly debts: Debts;
  readonly failpoints: Failpoints;
  /** All lines of a record's journal. */
  readonly readJournal: (directory: string) => Promise<readonly JournalEntry[]>;
  /** Makes the lines of a record's journal durable. */
  readonly syncJournal: (directory: string) => Promise<void>;
  /** Opens a session's other files at their beginning; undefined where it has none. */
  readonly otherFiles: (record: ObservedRecord) => OtherFiles | undefined;
  /** Called when a session has told its end. */
  readonly onOver: (sessionId: string) => void;
}

/** What one session tells the feed: each line of its journal once, in order, and its end last. */
export class SessionTale implements Debtor {
  readonly #host: TaleHost;
  readonly #record: ObservedRecord;
  readonly #inTurn = oneAtATime();
  #journal: JournalEvents;
  #files: OtherFiles | undefined;
  /** Whether the feed has refused something: until it is made good, lines are left in the journal. */
  #isOwing = false;
  #newestSeq = -1;
  #retire: (() => Promise<void>) | undefined;

  constructor(host: TaleHost, record: ObservedRecord) {
    this.#host = host;
    this.#record = record;
    this.#journal = new JournalEvents(() => record.document);
    this.#files = host.otherFiles(record);
  }

  /** Tells what the feed does not have. @param entries all lines of the journal. @returns once it is durable. */
  async begin(entries: readonly JournalEntry[]): Promise<void> {
    await this.#tell(entries);
  }

  /** Tells a line. @param isDurable whether it outlives a power cut. */
  add(entry: JournalEntry, isDurable: boolean): void {
    this.#newestSeq = entry.seq;
    if (this.#isOwing) return;
    const event = this.#journal.next(entry);
    const settled = isDurable ? undefined : () => this.#host.syncJournal(this.#record.directory);
    if (event !== undefined) this.#append(event, { settled }).catch(() => undefined); // Owed from now on.
  }

  /** Tells what other programs have written meanwhile. Does not reject. */
  async read(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#isOwing || this.#files === undefined) return;
      try {
        for (const event of await this.#files.next()) this.#append(event).catch(() => undefined);
      } catch {
        this.#owe();
      }
    });
  }

  /** Tells the end of a session whose lines were told. @throws what `retire` throws. */
  async end(retire: () => Promise<void>): Promise<void> {
    this.#retire = retire;
    await this.read();
    if (this.#isOwing || !(await this.#tells(() => this.#tellEnd()))) return;
    await this.#retireNow();
  }

  /** Tells a sealed session of which an earlier daemon may not have told everything. @throws what `retire` throws. */
  async endAgain(retire: () => Promise<void>): Promise<void> {
    this.#retire = retire;
    if (await this.#tells(() => this.#tellAgain())) await this.#retireNow();
  }

  async makeGood(): Promise<void> {
    await this.#tellAgain();
    if (this.#retire !== undefined) await this.#retireNow();
  }

  /** Whether something could be told; what could not is owed. */
  async #tells(tell: () => Promise<void>): Promise<boolean> {
    try {
      await tell();
      return true;
    } catch {
      this.#owe();
      return false;
    }
  }

  /** Tells everything that the feed does not have, from the files. @throws where it cannot. */
  async #tellAgain(): Promise<void> {
    const { feed, otherFiles } = this.#host;
    await this.#inTurn(async () => {
      let entries: readonly JournalEntry[];
      do {
        entries = await this.#host.readJournal(this.#record.directory);
        // A line may have been added while it was read.
      } while ((entries.at(-1)?.seq ?? -1) < this.#newestSeq);
      feed.mend(this.#record.id);
      this.#journal = new JournalEvents(() => this.#record.document);
      this.#files = otherFiles(this.#record);
      this.#isOwing = false;
      await this.#tell(entries);
    });
    if (this.#retire === undefined) return;
    await this.#inTurn(async () => {
      const events = (await this.#files?.next()) ?? [];
      await Promise.all(events.map((event) => this.#append(event)));
    });
    await this.#tellEnd();
  }

  async #tell(entries: readonly JournalEntry[]): Promise<void> {
    const { feed, syncJournal } = this.#host;
    const { id, directory } = this.#record;
    const told = feed.cursor(journalSource(id))?.seq ?? -1;
    const events = entries.flatMap((entry) => this.#journal.next(entry) ?? []);
    const missing = events.filter(({ source_seq: seq }) => seq > told);
    this.#newestSeq = Math.max(this.#newestSeq, entries.at(-1)?.seq ?? -1);
    const settled = (): Promise<void> => syncJournal(directory);
    await Promise.all(missing.map((event) => this.#append(event, { settled })));
  }

  async #tellEnd(): Promise<void> {
    const { feed, readJournal } = this.#host;
    const { id, directory, document } = this.#record;
    if (feed.cursor(journalSource(id))?.type === "session.sealed") return;
    const last = (await readJournal(directory)).at(-1);
    if (last !== undefined) await this.#append(sealedEvent(last, document), { urgent: true });
  }

  async #retireNow(): Promise<void> {
    await this.#host.failpoints.reach("sealed_told");
    await this.#retire?.();
    this.#host.onOver(this.#record.id);
  }

  async #append(event: NewEvent, options?: AppendEvent): Promise<void> {
    try {
      await this.#host.feed.append(event, options);
    } catch (error) {
      this.#owe();
      throw error;
    }
  }

  #owe(): void {
    this.#isOwing = true;
    this.#host.debts.add(this);
  }
}
