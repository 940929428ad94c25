/** What happens to sessions, in order, for listeners in this daemon. */
import type { JournalEntry } from "../../audit/format/journal.ts";

/** Something that has happened. */
export type SessionChange =
  /** A line is in the journal of a session. */
  | { readonly kind: "journaled"; readonly sessionId: string; readonly entry: JournalEntry }
  /** A session is busy with another step, or has a new trouble: not in any journal. */
  | { readonly kind: "busy"; readonly sessionId: string }
  /** A session entered or left the queue, or has another place in it. */
  | { readonly kind: "queue" };

export type ChangeListener = (change: SessionChange) => void;

/** One for all sessions of a daemon. Nothing is kept: a new listener hears only later events. */
export class SessionFeed {
  readonly #listeners = new Set<ChangeListener>();

  /** A listener must not throw, nor take long: the session waits for it. */
  readonly publish = (change: SessionChange): void => {
    for (const listener of this.#listeners) listener(change);
  };

  /** Calls the listener for every change from now on; returns how to end that. */
  subscribe(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Resolves at the next change of a session or of the queue.
   *
   * @throws the signal's reason when that comes first.
   */
  async next(sessionId: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const over = new AbortController();
    await new Promise<void>((resolve, reject) => {
      const unsubscribe = this.subscribe((change) => {
        if (change.kind === "queue" || change.sessionId === sessionId) resolve();
      });
      over.signal.addEventListener("abort", unsubscribe, { once: true });
      signal.addEventListener("abort", () => reject(signal.reason as Error), { signal: over.signal });
    }).finally(() => over.abort());
  }
}
