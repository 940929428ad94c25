/** Finds the sessions that were sealed since the last look, each once, without reading old records again. */
import { MAX_LIST_LENGTH } from "../../api/limits.ts";
import type { Caller } from "../../rpc/client.ts";
import type { ListedSession } from "../../session-document.ts";

export class EndedSessions {
  readonly #daemon: Caller;
  /** Sealed sessions that were seen, among those accepted since `#since`. */
  #seen = new Set<string>();
  /** When the oldest session was accepted that could still be sealed; undefined before the first look. */
  #since: string | undefined;

  constructor(daemon: Caller) {
    this.#daemon = daemon;
  }

  /**
   * Looks.
   *
   * @returns the sessions that were sealed since the last look, and the last ones at the first: with `isNew` false.
   */
  async look(): Promise<readonly { readonly session: ListedSession; readonly isNew: boolean }[]> {
    const isFirst = this.#since === undefined;
    const sessions = await this.#acceptedSince(this.#since);
    const sealed = sessions.filter(({ state }) => state === "sealed");
    const found = sealed.filter(({ session_id: id }) => !this.#seen.has(id));
    const open = sessions.filter(({ state }) => state !== "sealed");
    // The newest one is looked at again: two may have been accepted within its millisecond.
    const times = (open.length === 0 ? sessions : open).map((session) => session.queued_timestamp);
    const since = open.length === 0 ? greatest(times) : least(times);
    this.#since = since ?? this.#since ?? new Date(0).toISOString();
    const limit = this.#since;
    this.#seen = new Set(
      sealed.filter((session) => session.queued_timestamp >= limit).map((session) => session.session_id),
    );
    return found.map((session) => ({ session, isNew: !isFirst }));
  }

  /** All of them since then; without a time those that fit into one answer, and the open ones. */
  async #acceptedSince(since: string | undefined): Promise<ListedSession[]> {
    const found = new Map<string, ListedSession>();
    if (since === undefined) {
      for (const all of [false, true]) {
        const { sessions } = await this.#daemon.call("list", { all, limit: MAX_LIST_LENGTH });
        for (const session of sessions) found.set(session.session_id, session);
      }
      return [...found.values()];
    }
    for (let until: string | undefined; ;) {
      const before = found.size;
      const { sessions } = await this.#daemon.call("list", {
        all: true,
        limit: MAX_LIST_LENGTH,
        since_timestamp: since,
        ...(until === undefined ? {} : { until_timestamp: until }),
      });
      for (const session of sessions) found.set(session.session_id, session);
      until = sessions.at(-1)?.queued_timestamp;
      if (sessions.length < MAX_LIST_LENGTH || found.size === before) return [...found.values()];
    }
  }
}

function least(times: readonly string[]): string | undefined {
  return times.reduce<string | undefined>(
    (one, other) => (one !== undefined && one < other ? one : other),
    undefined,
  );
}

function greatest(times: readonly string[]): string | undefined {
  return times.reduce<string | undefined>(
    (one, other) => (one !== undefined && one > other ? one : other),
    undefined,
  );
}
