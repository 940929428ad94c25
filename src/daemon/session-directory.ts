import { LISTED_DOCUMENT_BYTES } from "../audit/query.ts";
import { AgentdError, sentence } from "../errors.ts";
import type { SessionList } from "../rpc/methods.ts";
import type { Intake } from "../sessions/intake.ts";
import { listed, type SessionView } from "../session-document.ts";

/** Where sealed sessions are found. */
export interface RecordQueries {
  /** The record whose id is or begins with `prefix`. Throws `unknown_session` or `ambiguous_session`. */
  find(prefix: string): Promise<{ readonly id: string; readonly directory: string }>;
  /** The newest records, newest first. */
  newest(limit: number): Promise<readonly { readonly id: string; readonly directory: string }[]>;
  /** The session by its record; `reasonIfOpen` says why it is not sealed. A document beyond `limitBytes` is not read. */
  view(directory: string, reasonIfOpen: string, limitBytes?: number): Promise<SessionView>;
}

/** Every session that this instance knows: the open ones in memory, all others by their records. */
export class SessionDirectory {
  readonly #intake: Intake;
  readonly #records: RecordQueries;

  constructor(intake: Intake, records: RecordQueries) {
    this.#intake = intake;
    this.#records = records;
  }

  /** The id that is or begins with `prefix`. Throws `unknown_session` or `ambiguous_session`. */
  async resolve(prefix: string): Promise<string> {
    if (this.#intake.get(prefix) !== undefined) return prefix;
    return (await this.#records.find(prefix)).id;
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

  /** The sessions that are not sealed, newest first. */
  open(limit: number): SessionList {
    const newest = this.#intake.openSessions.slice(-limit).reverse();
    return { sessions: newest.map((session) => listed(session.view())), unreadable: [] };
  }

  /** All sessions, newest first; a record that cannot be read does not hide the others. */
  async all(limit: number): Promise<SessionList> {
    const { sessions, unreadable }: SessionList = { sessions: [], unreadable: [] };
    // One after another: a long list must not keep the daemon's file threads from everybody else.
    for (const { id, directory } of await this.#records.newest(limit)) {
      try {
        const open = this.#intake.get(id)?.view();
        sessions.push(listed(open ?? (await this.#viewOf(directory, LISTED_DOCUMENT_BYTES))));
      } catch (error) {
        if (!(error instanceof AgentdError)) throw error;
        unreadable.push({ session_id: id, record: directory, why: sentence(error) });
      }
    }
    return { sessions, unreadable };
  }

  async #viewOf(directory: string, limitBytes?: number): Promise<SessionView> {
    return await this.#records.view(directory, "left by a daemon that has ended", limitBytes);
  }
}

function sealedView(view: SessionView): SessionView {
  if (view.outcome !== null) return view;
  throw new AgentdError("record_incomplete", {
    tried: `wait for session ${view.session_id}`,
    why: "its record is not sealed and no session of this daemon writes it",
    next: `Look into ${view.record}/agentd/events.jsonl.`,
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
