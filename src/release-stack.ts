import { AgentdError, sentence } from "./errors.ts";

interface Release {
  readonly what: string;
  readonly release: () => Promise<void>;
}

/**
 * What a session (or the daemon) has acquired, to be released newest first in one place.
 *
 * A later resource uses the earlier ones (a container its mounts), so a release that fails stops the rest:
 * nothing is pulled away from under something that may still live. What is left stays on the stack, and
 * `release` can be called again. Not `AsyncDisposableStack`: Node 20 has none, and that one cannot retry.
 */
export class ReleaseStack {
  readonly #releases: Release[] = [];

  /**
   * Adds something acquired, or about to be.
   *
   * @param what names it in error messages: `container`, `staging directory`.
   * @param release must be idempotent and succeed when the resource is already gone.
   */
  defer(what: string, release: () => Promise<void>): void {
    this.#releases.push({ what, release });
  }

  /** Releases everything. Throws `teardown_failed` at the first release that fails. */
  async release(): Promise<void> {
    for (let next = this.#releases.at(-1); next; next = this.#releases.at(-1)) {
      try {
        await next.release();
      } catch (error) {
        throw new AgentdError("teardown_failed", {
          tried: `release the ${next.what}`,
          why: sentence(error),
          next: "No action is needed: agentd tries again.",
          cause: error,
        });
      }
      this.#releases.pop();
    }
  }
}
