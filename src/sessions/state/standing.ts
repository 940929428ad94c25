import type { JournalEntry } from "../../audit/format/journal.ts";
import { sentence } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { oneAtATime } from "../../one-at-a-time.ts";
import type { SessionDocument, SessionState } from "../../session-document.ts";
import type { Preparing } from "../port/executor.ts";
import type { Clock, OpenRecord } from "../port/ports.ts";
import type { SessionChange } from "./feed.ts";
import { untilItSucceeds } from "./retry.ts";

type Details = Readonly<Record<string, unknown>>;
type Write = () => Promise<unknown>;

/** Between two lines in the journal about the progress of a removal. */
const REMOVING_LINE_MS = 10_000;

export interface StandingHost {
  readonly clock: Clock;
  readonly log: Logger;
  /** Called for every line that is journaled, and for every other change. */
  readonly publish: (change: SessionChange) => void;
}

/** The state of a session: in its journal first, then in memory. The only way to change both. */
export class Standing {
  readonly #record: OpenRecord;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #publish: (change: SessionChange) => void;
  /** Writes to the record that a running session does not wait for, oldest first. */
  readonly #owed: Write[] = [];
  /** A line carries the state that the journal is in when it is written. */
  readonly #inTurn = oneAtATime();
  #settling: Promise<void> | undefined;
  #state: SessionState;
  #trouble: string | undefined;
  #removingLineMs: number | undefined;
  #activity: string | undefined;

  /** @param record in the state in which it was left. */
  constructor(record: OpenRecord, { clock, log, publish }: StandingHost) {
    this.#record = record;
    this.#clock = clock;
    this.#log = log;
    this.#publish = publish;
    // The journal's last line comes before the commit.
    this.#state = record.state === "sealed" ? "finishing" : record.state;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Why a step failed that is retried; undefined when nothing is wrong. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** The current step of the preparation or the end; undefined while the command runs. */
  get activity(): string | undefined {
    return this.#activity;
  }

  set activity(activity: string | undefined) {
    if (activity === this.#activity) return;
    this.#activity = activity;
    this.#publish({ kind: "busy", sessionId: this.#record.id });
  }

  /** Enters a state: it is journaled when this resolves, with its time. */
  async enter(
    state: SessionState,
    event: string,
    details: Details = {},
    options: { readonly durable: boolean } = { durable: true },
  ): Promise<string> {
    return await this.#inTurn(async () => {
      const entry = await this.#record.journal(state, event, details, options);
      const { time } = entry;
      this.#state = state;
      this.#activity = undefined;
      this.#tell(entry);
      this.#log.info({ state, event, ...details }, "session state");
      return time;
    });
  }

  /** Adds a durable line in the current state. At the session's end nothing happens. */
  async note(event: string, details: Details): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#state === "finishing" || this.#state === "sealed") return;
      await this.#journal(this.#state, event, details);
    });
  }

  /**
   * Writes the findings of the preparation into the record: as a line of the journal and as fields of the document.
   * They become durable with the next durable line. Warnings of the line are added to those of the document.
   */
  readonly found: Preparing["found"] = async (event, details, fields = {}) => {
    await this.#inTurn(async () => {
      const warnings = [...this.#record.document.warnings, ...(details.warnings ?? [])];
      await this.#record.update({ ...fields, warnings }, { persist: false });
      await this.#journal(this.#state, event, details, { durable: false });
    });
  };

  /**
   * Writes what the end has found, as `found` does; durable when this resolves, and nothing has changed when it rejects.
   */
  async conclude(
    event: string,
    details: Details & { readonly warnings: readonly string[] },
    fields: Partial<SessionDocument> = {},
  ): Promise<void> {
    await this.#inTurn(async () => {
      await this.#journal(this.#state, event, details);
      const warnings = [...this.#record.document.warnings, ...details.warnings];
      await this.#record.update({ ...fields, warnings }, { persist: false });
    });
  }

  /** Shows how many entries of a large staging directory are removed; every ten seconds in the journal, too. */
  readonly removing = (entries: number): void => {
    this.activity = `removing the staging directory: ${entries} entries are removed`;
    const nowMs = this.#clock.monotonic();
    if (this.#removingLineMs !== undefined && nowMs - this.#removingLineMs < REMOVING_LINE_MS) return;
    this.#removingLineMs = nowMs;
    const written = this.#journal(this.#state, "removing", { entries }, { durable: false });
    written.catch((error: unknown) => this.#log.warn({ error }, "cannot journal the progress of a removal"));
  };

  /** The record is sealed: nothing more is journaled. */
  enterSealed(): void {
    this.#state = "sealed";
    this.#activity = undefined;
    this.#publish({ kind: "busy", sessionId: this.#record.id });
  }

  /** Adds a line to the journal, in the state of that moment, when `settle` reaches it. */
  oweLine(event: string, details: Details = {}): void {
    const { state } = this;
    this.#owed.push(() => this.#journal(state, event, details, { durable: false }));
  }

  /** Writes the document, as it is at that moment, when `settle` reaches it. */
  oweDocument(): void {
    this.#owed.push(() => this.#record.update({}));
  }

  /** Writes what is owed, each write until it has succeeded. Throws what the first failed write throws. */
  settle(): Promise<void> {
    this.#settling ??= this.#writeOwed().finally(() => (this.#settling = undefined));
    return this.#settling;
  }

  /** As `settle`, but a write that fails now is tried again in the background until the signal ends it. */
  async settleInTime(signal: AbortSignal): Promise<void> {
    try {
      await this.settle();
    } catch (error) {
      this.#note(error);
      void this.untilItSucceeds(() => this.settle(), signal);
    }
  }

  /**
   * Tries a step until it succeeds, with the reason of the last failure as `trouble`; undefined when the signal ended
   * it.
   *
   * @param onFailures called after each failure with the number of failures in a row.
   */
  async untilItSucceeds<T>(
    step: () => Promise<T>,
    signal: AbortSignal,
    onFailures?: (failures: number) => void,
  ): Promise<T | undefined> {
    let failures = 0;
    const onFailure = async (error: unknown, retryInMs: number): Promise<void> => {
      failures += 1;
      onFailures?.(failures);
      this.#note(error, retryInMs);
      // The journal itself may fail; the log and the status have the reason in any case.
      await this.#record
        .journal(this.#state, "step_failed", { reason: this.#trouble })
        .catch(() => undefined);
    };
    const result = await untilItSucceeds(step, { clock: this.#clock, signal, onFailure });
    this.#trouble = undefined;
    return result;
  }

  async #journal(...line: Parameters<OpenRecord["journal"]>): Promise<void> {
    this.#tell(await this.#record.journal(...line));
  }

  #tell(entry: JournalEntry): void {
    this.#publish({ kind: "journaled", sessionId: this.#record.id, entry });
  }

  async #writeOwed(): Promise<void> {
    for (let write = this.#owed[0]; write; write = this.#owed[0]) {
      await write();
      this.#owed.shift();
    }
  }

  #note(error: unknown, retryInMs = 0): void {
    this.#trouble = sentence(error);
    this.#publish({ kind: "busy", sessionId: this.#record.id });
    this.#log.warn({ error, retry_in_ms: retryInMs }, "a step of the session failed; trying again");
  }
}
