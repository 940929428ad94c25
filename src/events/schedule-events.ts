/** Which line of `schedules.jsonl` becomes which event; and telling them to the feed. */
import type { ScheduleEvent } from "../scheduler/events.ts";
import type { Debtor, Debts } from "./debts.ts";
import type { DurableFeed } from "./durable-feed.ts";
import type { NewEvent } from "./event.ts";

/** Where their events come from. */
export const SCHEDULES_SOURCE = "schedules.jsonl";

/** The event of a line; undefined where it becomes none, as the lines of versions that did not count them. */
export function eventOfSchedule(line: ScheduleEvent): NewEvent | undefined {
  const { time, seq, profile } = line;
  if (seq === undefined) return undefined;
  const place = { time, profile, source: SCHEDULES_SOURCE, source_seq: seq };
  switch (line.event) {
    case "fired": {
      const { session_id, scheduled_timestamp, delay_ms } = line;
      return {
        ...place,
        session_id,
        type: "schedule.fired",
        data: { name: null, scheduled_timestamp, delay_ms },
      };
    }
    case "skipped": {
      const { scheduled_timestamp, until_timestamp, reason, why } = line;
      const data = { name: null, scheduled_timestamp, until_timestamp, reason, why };
      return { ...place, type: "schedule.skipped", data };
    }
    // The steps on the way to these two, and what is followed.
    case "watching":
    case "unwatched":
    case "firing":
    case "waiting":
    case "state":
      return undefined;
  }
}

export interface ScheduleTellerHost {
  readonly feed: DurableFeed;
  readonly debts: Debts;
  /** Every line that is kept, oldest first. */
  readonly readLines: () => Promise<readonly ScheduleEvent[]>;
}

/** Tells the feed what happens to schedules. */
export class ScheduleTeller implements Debtor {
  readonly #host: ScheduleTellerHost;
  #isOwing = false;
  #newestSeq = -1;

  constructor(host: ScheduleTellerHost) {
    this.#host = host;
  }

  /** Tells what earlier daemons have not told. Resolves once that is told, or owed. */
  async begin(): Promise<void> {
    await this.makeGood().catch(() => this.#owe());
  }

  /** Tells lines that are durable. */
  readonly add = (lines: readonly ScheduleEvent[]): void => {
    this.#newestSeq = lines.at(-1)?.seq ?? this.#newestSeq;
    if (this.#isOwing) return;
    for (const line of lines) {
      const event = eventOfSchedule(line);
      if (event !== undefined) this.#host.feed.append(event).catch(() => this.#owe());
    }
  };

  async makeGood(): Promise<void> {
    const { feed, readLines } = this.#host;
    this.#isOwing = true;
    let lines: readonly ScheduleEvent[];
    do {
      lines = await readLines();
      // One may have been added while they were read.
    } while ((lines.at(-1)?.seq ?? -1) < this.#newestSeq);
    feed.mend(SCHEDULES_SOURCE);
    const told = feed.cursor(SCHEDULES_SOURCE)?.seq ?? -1;
    const events = lines.flatMap((line) => eventOfSchedule(line) ?? []);
    const appended = events.filter(({ source_seq: seq }) => seq > told).map((event) => feed.append(event));
    this.#isOwing = false;
    await Promise.all(appended);
  }

  #owe(): void {
    this.#isOwing = true;
    this.#host.debts.add(this);
  }
}
