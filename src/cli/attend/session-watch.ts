/** The daemon's view of a session, kept up to date while a command follows it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Caller } from "../../rpc/client.ts";
import type { SessionView } from "../../session-document.ts";

/** People read no faster than this, so a view that changes more often is fetched at this rate. */
const SHORTEST_PAUSE_MS = 100;

/** Keeps the newest view of one session; the daemon sends each change. */
export class SessionWatch {
  #latest: SessionView | undefined;

  /** @param signal ends the watch. */
  constructor(client: Caller, session: string, signal: AbortSignal) {
    void this.#follow(client, session, signal);
  }

  /** Undefined until the daemon has answered. */
  get latest(): SessionView | undefined {
    return this.#latest;
  }

  async #follow(client: Caller, session: string, signal: AbortSignal): Promise<void> {
    let look: string | undefined;
    try {
      while (this.#latest?.state !== "sealed") {
        const answer = await client.call("watch", { session, look }, { signal });
        look = answer.look;
        this.#latest = answer.session;
        await sleep(SHORTEST_PAUSE_MS, undefined, { signal });
      }
    } catch {
      // Ended, or the daemon does not answer: the code that waits for the session reports it.
    }
  }
}
