/** What the daemon's feed tells, for all pages that are open: one question to the daemon, however many they are. */
import { MAX_EVENTS } from "../../api/limits.ts";
import type { Caller } from "../../rpc/client.ts";
import type { Happening } from "../words/page-answers.ts";

/** How long one question to the daemon waits. */
const WAIT_MS = 60_000;
/** Before the daemon is asked again that did not answer. */
const PAUSE_MS = 500;

/** `up`: the daemon answers, and what happened before may be unknown. `down`: it does not. */
export type News =
  | { readonly kind: "up" }
  | { readonly kind: "down" }
  | { readonly kind: "feed"; readonly happenings: readonly Happening[] };

export interface HappeningsOptions {
  readonly daemon: Caller;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export class Happenings {
  readonly #options: HappeningsOptions;
  readonly #listeners = new Set<(news: News) => void>();
  #isUp: boolean | undefined;
  #stop: AbortController | undefined;

  constructor(options: HappeningsOptions) {
    this.#options = options;
  }

  /** Tells what is the case, then what happens. @returns ends that; the daemon is asked as long as somebody listens. */
  listen(listener: (news: News) => void): () => void {
    this.#listeners.add(listener);
    if (this.#isUp !== undefined) listener({ kind: this.#isUp ? "up" : "down" });
    if (this.#stop === undefined) void this.#follow((this.#stop = new AbortController()));
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    };
  }

  /** How many listen. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** Asks no more. */
  close(): void {
    this.#stop?.abort();
    this.#stop = undefined;
    this.#isUp = undefined;
  }

  async #follow({ signal }: AbortController): Promise<void> {
    const { daemon, sleep } = this.#options;
    let after: number | undefined;
    while (!signal.aborted) {
      try {
        const limit = MAX_EVENTS;
        // The first answer says where the feed is.
        const params = after === undefined ? { limit, wait_ms: 0 } : { after, limit, wait_ms: WAIT_MS };
        const answer = await daemon.call("events", params, { signal });
        if (after === undefined) this.#tell({ kind: "up" }, true);
        else if (answer.events.length > 0) {
          const happenings = answer.events.map(({ type, session_id: session, profile }) => {
            return { type, session_id: session ?? null, profile: profile ?? null };
          });
          this.#tell({ kind: "feed", happenings }, true);
        }
        after = answer.after;
      } catch {
        after = undefined;
        this.#miss(signal);
        await sleep(PAUSE_MS, signal).catch(() => undefined);
      }
    }
  }

  #miss(signal: AbortSignal): void {
    if (!signal.aborted && this.#isUp !== false) this.#tell({ kind: "down" }, false);
  }

  #tell(news: News, isUp: boolean): void {
    this.#isUp = isUp;
    for (const listener of this.#listeners) listener(news);
  }
}
