/** Sessions that stay after their end: the list of them, looking into them, and their removal. */
import { AgentdError, sentence } from "../errors.ts";
import type { Failpoints } from "../failpoints.ts";
import type { Kept } from "../kept.ts";
import type { Logger } from "../log.ts";
import { type Enqueue, oneAtATime } from "../one-at-a-time.ts";
import type { Keeping, NewKept } from "../sessions/port/keeping.ts";
import type { KeptJobs } from "../sessions/port/kept-job.ts";
import type { Clock } from "../sessions/port/ports.ts";
import { sleepUntil } from "../sessions/port/sleep.ts";
import { type KeptEntry, newEntry, type Reason } from "./kept-entry.ts";
import type { KeptIndex, UnreadableEntry } from "./kept-index.ts";
import { inUse, notKept } from "./not-kept.ts";
import { toRemove } from "./to-remove.ts";
import { type Visit, Visits } from "./visits.ts";

/** Adds to the record of a session that was sealed. */
export interface KeptNotes {
  /** @throws AgentdError when it cannot be added. */
  entered(entry: KeptEntry, command: readonly string[], tty: boolean): void;
  /** Once; the reason of the first time stays. */
  removed(entry: KeptEntry, reason: Reason): Promise<void>;
}

export interface KeptSessionsOptions {
  readonly index: KeptIndex;
  readonly jobs: KeptJobs;
  readonly notes: KeptNotes;
  /** How much all of them may take, in bytes; asked each time. */
  readonly maxBytes: () => number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly failpoints: Failpoints;
}

/** Between two looks for what is over, in milliseconds. */
const LOOK_MS = 60_000;

export class KeptSessions implements Keeping {
  readonly #options: KeptSessionsOptions;
  readonly #visits: Visits;
  /** Oldest first. */
  readonly #entries = new Map<string, KeptEntry>();
  #unreadable: readonly UnreadableEntry[] = [];
  /** Those with a sealed record. */
  readonly #sealed = new Set<string>();
  readonly #turns = new Map<string, Enqueue>();
  readonly #leaving = new Map<string, Promise<void>>();
  readonly #tidyInTurn = oneAtATime();

  constructor(options: KeptSessionsOptions) {
    this.#options = options;
    this.#visits = new Visits(options.clock);
  }

  /** Reads what earlier daemons have kept. @returns the sessions that keep what they own. */
  async load(): Promise<ReadonlySet<string>> {
    const { entries, unreadable } = await this.#options.index.list();
    for (const entry of entries) this.#entries.set(entry.session_id, entry);
    this.#unreadable = unreadable;
    for (const { sessionId, why } of unreadable)
      this.#options.log.error({ session: sessionId, why }, "a kept session is left as it is");
    const stay = entries.filter(({ removing }) => removing === null);
    return new Set(
      [...stay, ...unreadable].map((each) => ("session_id" in each ? each.session_id : each.sessionId)),
    );
  }

  /** Sessions that are not in this set have sealed records. Call it once, after `load`. */
  resume(open: ReadonlySet<string>): void {
    for (const id of this.#entries.keys()) if (!open.has(id)) this.#sealed.add(id);
  }

  /** Removes what is over, again and again, until the signal is aborted. */
  async watch(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    do await this.#tidy();
    while (await sleepUntil(clock.monotonic() + this.#restMs(), { clock, signal }));
  }

  async add({ sessionId, profile, hasInput, directory, bytes }: NewKept): Promise<string> {
    const { clock, index, maxBytes } = this.#options;
    if (bytes > maxBytes())
      throw new Error(`it takes ${bytes} bytes, and daemon.keep_max allows ${maxBytes()} in all`);
    const nowMs = clock.now();
    const entry = newEntry({
      session_id: sessionId,
      profile,
      has_input: hasInput,
      record: directory,
      kept_timestamp: new Date(nowMs).toISOString(),
      until_timestamp: new Date(nowMs + profile.keepForMs).toISOString(),
      bytes,
    });
    await index.write(entry);
    this.#entries.set(sessionId, entry);
    return entry.until_timestamp;
  }

  async drop(sessionId: string): Promise<void> {
    await this.#options.index.remove(sessionId);
    this.#forget(sessionId);
  }

  sealed(sessionId: string): void {
    if (!this.#entries.has(sessionId)) return;
    this.#sealed.add(sessionId);
    void this.#tidy();
  }

  shown(sessionId: string): Kept | null {
    const entry = this.#entries.get(sessionId);
    if (entry === undefined || entry.removing !== null) return null;
    const { until_timestamp, bytes } = entry;
    return { until_timestamp, bytes, entered: this.#visits.of(sessionId).length };
  }

  /** Why the records of those that are kept must stay, by session. */
  get reasons(): ReadonlyMap<string, string> {
    const reason = "what the session has left is kept, too; `agentd rm` removes that";
    return new Map([...this.#entries.keys()].map((id) => [id, reason]));
  }

  /** How many are kept, and what they take. */
  get sum(): { readonly sessions: number; readonly bytes: number; readonly max_bytes: number } {
    return { sessions: this.#entries.size, bytes: this.#bytes, max_bytes: this.#options.maxBytes() };
  }

  /**
   * Makes a place to start a command in, from what is kept. The record gets a note before.
   *
   * @returns its ref. It is gone a minute later, unless somebody attends it.
   * @throws AgentdError `session_not_kept`; what making it throws.
   */
  async enter(sessionId: string, command: readonly string[], tty: boolean): Promise<string> {
    const { notes, jobs, failpoints } = this.#options;
    return await this.#inTurn(sessionId, async () => {
      const entry = this.#require("enter session", sessionId);
      notes.entered(entry, command, tty);
      await failpoints.reach("enter_noted");
      const { profile, has_input: hasInput, record: directory } = entry;
      const ref = await jobs.enter({ sessionId, profile, hasInput, directory });
      const visit = this.#visits.begin(sessionId, ref);
      visit.over.addEventListener("abort", () => this.#leave(visit), { once: true });
      return ref;
    });
  }

  /** Attends what `enter` made: it stays until the signal is aborted or `leave` is called, and is gone when this resolves. */
  async attend(ref: string, signal: AbortSignal): Promise<void> {
    await this.#visits.attend(ref, signal);
    await this.#leaving.get(ref);
  }

  /** Removes what `enter` made; one that is gone is fine. */
  async leave(ref: string): Promise<void> {
    this.#visits.end({ ref });
    await this.#leaving.get(ref);
  }

  /**
   * Removes what is kept of a session, and never its record.
   *
   * @param options.force whether it is taken away from those who look into it.
   * @returns how many bytes it took.
   * @throws AgentdError `session_not_kept`, `session_entered`, `teardown_failed`.
   */
  async remove(sessionId: string, { force }: { readonly force: boolean }): Promise<number> {
    return await this.#inTurn(sessionId, async () => {
      const tried = "remove what is kept of session";
      const { bytes } = this.#require(tried, sessionId);
      if (force) this.#visits.end({ sessionId });
      // Those who are about to leave are waited for.
      await this.#untilLeft(sessionId);
      if (this.#visits.of(sessionId).length > 0) throw inUse(tried, sessionId);
      await this.#remove(sessionId, "operator");
      return bytes;
    });
  }

  /** Ends all visits; what is kept stays. */
  async close(): Promise<void> {
    this.#visits.end({});
    await Promise.all(this.#leaving.values());
  }

  #require(tried: string, sessionId: string): KeptEntry {
    const entry = this.#entries.get(sessionId);
    const unreadable = this.#unreadable.find((each) => each.sessionId === sessionId);
    if (unreadable !== undefined) {
      throw new AgentdError("state_unusable", {
        tried: `${tried} ${sessionId}`,
        why: `what is written down about it cannot be read: ${unreadable.why}`,
        next: "Start the version of agentd that has kept it.",
      });
    }
    if (entry === undefined) throw notKept(tried, sessionId, "nothing of it is kept");
    if (!this.#sealed.has(sessionId)) throw notKept(tried, sessionId, "it has not ended yet");
    return entry;
  }

  /** In the turn of the session. That it is removed is written down first: cut short, the next daemon goes on. */
  async #remove(sessionId: string, reason: Reason): Promise<void> {
    const { index, jobs, notes, failpoints, log } = this.#options;
    const found = this.#entries.get(sessionId);
    if (found === undefined) return;
    const entry = found.removing === null ? { ...found, removing: reason } : found;
    if (entry !== found) await index.write(entry);
    this.#entries.set(sessionId, entry);
    await failpoints.reach("keep_removing");
    await jobs.removeKept(sessionId);
    await failpoints.reach("keep_removed");
    await notes.removed(entry, entry.removing ?? reason);
    await failpoints.reach("keep_removal_noted");
    await index.remove(sessionId);
    this.#forget(sessionId);
    log.info({ session: sessionId, bytes: entry.bytes, why: entry.removing }, "removed a kept session");
  }

  #tidy(): Promise<void> {
    return this.#tidyInTurn(async () => {
      for (const entry of this.#over()) {
        const { session_id: id, reason } = entry;
        try {
          await this.#inTurn(id, async () => {
            if (this.#visits.of(id).length === 0) await this.#remove(id, reason);
          });
        } catch (error) {
          this.#options.log.error({ session: id, error }, "a kept session cannot be removed; trying again");
        }
      }
    });
  }

  /** What is to be removed now, and why. */
  #over(): (KeptEntry & { readonly reason: Reason })[] {
    const { clock, maxBytes } = this.#options;
    const nowMs = clock.now();
    const free = [...this.#entries.values()].filter(
      ({ session_id: id }) => this.#sealed.has(id) && this.#visits.of(id).length === 0,
    );
    return toRemove(free, { nowMs, excessBytes: this.#bytes - maxBytes() });
  }

  #leave(visit: Visit): void {
    const { sessionId, ref } = visit;
    const left = this.#options.jobs
      .leave(sessionId, ref)
      .catch((error: unknown) => {
        // The next start of a daemon sweeps it.
        this.#options.log.error({ session: sessionId, why: sentence(error) }, "an entered container stays");
      })
      .finally(() => {
        this.#visits.ended(visit);
        this.#leaving.delete(ref);
        void this.#measure(sessionId).then(() => this.#tidy());
      });
    this.#leaving.set(ref, left);
  }

  /** Whoever has looked into it may have added to it. */
  async #measure(sessionId: string): Promise<void> {
    const { jobs, index, log } = this.#options;
    await this.#inTurn(sessionId, async () => {
      const entry = this.#entries.get(sessionId);
      if (entry === undefined || entry.removing !== null) return;
      const measured = { ...entry, bytes: await jobs.keptBytes(sessionId) };
      await index.write(measured);
      this.#entries.set(sessionId, measured);
    }).catch((error: unknown) => log.warn({ session: sessionId, error }, "cannot measure a kept session"));
  }

  async #untilLeft(sessionId: string): Promise<void> {
    for (const { ref } of this.#visits.of(sessionId)) await this.#leaving.get(ref);
  }

  #inTurn: <T>(sessionId: string, task: () => Promise<T>) => Promise<T> = async (sessionId, task) => {
    const turn = this.#turns.get(sessionId) ?? oneAtATime();
    this.#turns.set(sessionId, turn);
    return await turn(task);
  };

  #forget(sessionId: string): void {
    this.#entries.delete(sessionId);
    this.#sealed.delete(sessionId);
    this.#turns.delete(sessionId);
  }

  get #bytes(): number {
    return [...this.#entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #restMs(): number {
    const nowMs = this.#options.clock.now();
    const ends = [...this.#entries.values()].map((entry) => Date.parse(entry.until_timestamp) - nowMs);
    return Math.max(1000, Math.min(LOOK_MS, ...ends));
  }
}
