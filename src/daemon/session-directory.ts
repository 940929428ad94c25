import { createHash } from "node:crypto";
import type { Result, SessionList } from "../api/methods.ts";
import { LISTED_DOCUMENT_BYTES } from "../audit/read/query.ts";
import type { RecordFilter, Selection } from "../audit/read/select-records.ts";
import { AgentdError, sentence } from "../errors.ts";
import { isFailure } from "../outcome.ts";
import { listed, type SessionView } from "../session-document.ts";
import type { Intake } from "../sessions/intake.ts";
import type { SessionFeed } from "../sessions/state/feed.ts";

/** Where sealed sessions are found. */
export interface RecordQueries {
  /** The record that a name means, see `findRecord`. Throws `unknown_session` or `ambiguous_session`. */
  find(name: string): Promise<{ readonly id: string; readonly directory: string }>;
  /** The records that a filter lets through. */
  select(filter: RecordFilter): Promise<Selection>;
  /** The session by its record; `reasonIfOpen` says why it is not sealed. A document beyond `limitBytes` is not read. */
  view(directory: string, reasonIfOpen: string, limitBytes?: number): Promise<SessionView>;
}

/** Which sessions are listed. */
export interface ListFilter extends RecordFilter {
  /** How many at most. */
  readonly limit: number;
  /** Only sessions whose outcome is a failure, see `isFailure`. */
  readonly failed: boolean;
}

/** What there is of a session after its end, besides its record. */
export type AfterEnd = (sessionId: string) => Pick<SessionView, "kept" | "next_retry">;

/** Every session that this instance knows: the open ones in memory, all others by their records. */
export class SessionDirectory {
  readonly #intake: Intake;
  readonly #records: RecordQueries;
  readonly #feed: SessionFeed;
  readonly #afterEnd: AfterEnd | undefined;

  /** @param afterEnd default: nothing. */
  constructor(intake: Intake, records: RecordQueries, feed: SessionFeed, afterEnd?: AfterEnd) {
    this.#afterEnd = afterEnd;
    this.#intake = intake;
    this.#records = records;
    this.#feed = feed;
  }

  /** The id of the session that a name means, see `findRecord`. Throws `unknown_session` or `ambiguous_session`. */
  async resolve(name: string): Promise<string> {
    if (this.#intake.get(name) !== undefined) return name;
    return (await this.#records.find(name)).id;
  }

  async view(sessionId: string): Promise<SessionView> {
    const open = this.#intake.get(sessionId);
    if (open !== undefined) return open.view();
    const { directory } = await this.#records.find(sessionId);
    return await this.#viewOf(directory);
  }

  /** The session's view once it is sealed; rejects with the signal's reason when that comes first. */
  async sealed(sessionId: string, signal: AbortSignal): Promise<SessionView> {
    const sealed = this.#intake.sealed(sessionId);
    if (sealed === undefined) return sealedView(await this.view(sessionId));
    const { promise: aborted, stop } = rejectionOf(signal);
    try {
      return await Promise.race([sealed, aborted]);
    } finally {
      stop();
    }
  }

  /** The session's view once it differs from `look`; rejects with the signal's reason when that comes first. */
  async watch(sessionId: string, look: string | undefined, signal: AbortSignal): Promise<Result<"watch">> {
    for (let open = this.#intake.get(sessionId); open !== undefined; open = this.#intake.get(sessionId)) {
      const session = open.view();
      const now = lookOf(session);
      if (now !== look) return { look: now, session };
      // Nothing is awaited in between, so no change is missed.
      await this.#feed.next(sessionId, signal);
    }
    const session = await this.view(sessionId);
    return { look: lookOf(session), session };
  }

  /** The sessions that are not sealed, newest first. */
  open({ limit, failed, profile, sinceMs = -Infinity, untilMs = Infinity }: ListFilter): SessionList {
    const views = this.#intake.openSessions.map((session) => listed(session.view())).reverse();
    const matching = views.filter((view) => {
      const queuedMs = Date.parse(view.queued_timestamp);
      const isOfProfile = profile === undefined || view.profile === profile;
      return !failed && isOfProfile && queuedMs >= sinceMs && queuedMs <= untilMs;
    });
    return { sessions: matching.slice(0, limit), unreadable: [], total: matching.length };
  }

  /**
   * All sessions, newest first; a record that cannot be read does not hide the others.
   *
   * @param signal aborted when the client no longer waits for the answer: rejects with its reason.
   */
  async all({ limit, failed, ...filter }: ListFilter, signal: AbortSignal): Promise<SessionList> {
    const sessions: SessionList["sessions"] = [];
    const unreadable: SessionList["unreadable"] = [];
    const selection = await this.#records.select(filter);
    let seen = 0;
    // One after another: a long list must not keep the daemon's file threads from other requests.
    for (const { id, directory } of selection.newestFirst()) {
      if (sessions.length + unreadable.length === limit) break;
      signal.throwIfAborted();
      seen += 1;
      try {
        const open = this.#intake.get(id)?.view();
        const view = listed(open ?? (await this.#viewOf(directory, LISTED_DOCUMENT_BYTES)));
        if (!failed || isFailure(view)) sessions.push(view);
      } catch (error) {
        if (!(error instanceof AgentdError)) throw error;
        unreadable.push({ session_id: id, record: directory, why: sentence(error) });
      }
    }
    // Only the records say which sessions failed, and not all were read.
    const isCounted = !failed || seen === selection.total;
    const matching = failed ? sessions.length + unreadable.length : selection.total;
    return { sessions, unreadable, total: isCounted ? matching : null };
  }

  async #viewOf(directory: string, limitBytes?: number): Promise<SessionView> {
    const view = await this.#records.view(directory, "left by a daemon that has ended", limitBytes);
    return { ...view, ...this.#afterEnd?.(view.session_id) };
  }
}

/** The same for views that look the same to a client. */
function lookOf({ state, position, reason }: SessionView): string {
  return createHash("sha256")
    .update(JSON.stringify([state, position, reason]))
    .digest("hex")
    .slice(0, 32);
}

function sealedView(view: SessionView): SessionView {
  if (view.outcome !== null) return view;
  throw new AgentdError("record_incomplete", {
    tried: `wait for session ${view.session_id}`,
    why: "its record is not sealed, and this daemon does not run the session",
    next: `See ${view.record}/agentd/events.jsonl for its last steps.`,
  });
}

function rejectionOf(signal: AbortSignal): { readonly promise: Promise<never>; readonly stop: () => void } {
  let onAbort = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  return { promise, stop: () => signal.removeEventListener("abort", onAbort) };
}
