/** Whether sessions can run, for `/readyz`: what is missing, and nothing about any session. */
import { sentence } from "../../errors.ts";
import type { Caller } from "../../rpc/client.ts";

/** How long a record may be incomplete before somebody has to look. */
export const INCOMPLETE_MS = 60 * 60 * 1000;
const DEADLINE_MS = 10_000;

/** Something without which sessions do not run as they should. */
export interface Missing {
  readonly what: "daemon" | "engine" | "disk" | "records";
  readonly why: string;
}

export interface ReadinessOptions {
  readonly daemon: Caller;
  /** In milliseconds, of a clock that only goes forward. */
  readonly now: () => number;
}

export class Readiness {
  readonly #options: ReadinessOptions;
  /** When each incomplete record was first seen. */
  #incomplete = new Map<string, number>();

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** Looks; empty when nothing is missing. */
  async missing(): Promise<Missing[]> {
    const { daemon } = this.#options;
    const signal = AbortSignal.timeout(DEADLINE_MS);
    try {
      const [status, health] = await Promise.all([
        daemon.call("status", {}, { signal }),
        daemon.call("health", {}, { signal }),
      ]);
      const draining: Missing[] =
        status.state === "draining" ? [{ what: "daemon", why: "it is ending and takes no sessions" }] : [];
      return [...draining, ...health.missing, ...this.#records(status.incomplete)];
    } catch (error) {
      return [{ what: "daemon", why: signal.aborted ? "it does not answer" : sentence(error) }];
    }
  }

  #records(incomplete: readonly { readonly session_id: string }[]): Missing[] {
    const now = this.#options.now();
    const ids = incomplete.map(({ session_id: id }) => id);
    this.#incomplete = new Map(ids.map((id) => [id, this.#incomplete.get(id) ?? now]));
    const old = [...this.#incomplete.values()].filter((since) => now - since >= INCOMPLETE_MS).length;
    if (old === 0) return [];
    const records = old === 1 ? "1 record has" : `${old} records have`;
    return [{ what: "records", why: `${records} been incomplete for an hour: see agentd status` }];
  }
}
