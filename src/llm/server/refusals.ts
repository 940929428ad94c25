/** How a session's providers refuse its key: answers of 401 or 403, and no other one since the first of them. */
import type { Patience } from "./patience.ts";

const REFUSED: readonly number[] = [401, 403];
/** Fewer are an accident, however long ago the first was. */
const LEAST = 3;

export class Refusals {
  #count = 0;
  #sinceMs = 0;
  #cause: string | undefined;

  /** An answer begins. @param nowMs of a monotonic clock. */
  answered(status: number, nowMs: number): void {
    if (!REFUSED.includes(status)) {
      this.#count = 0;
      this.#cause = undefined;
      return;
    }
    if (this.#count === 0) this.#sinceMs = nowMs;
    this.#count += 1;
  }

  /** An answer that refuses has ended. @param words the provider's own, such as `HTTP 401: invalid key`. */
  told(status: number | undefined, provider: string, words: string): void {
    if (status === undefined || !REFUSED.includes(status) || this.#count === 0) return;
    const requests = this.#count === 1 ? "the last request" : `${this.#count} requests in a row`;
    this.#cause = `Provider ${provider} refused ${requests}: ${words}. Check its key.`;
  }

  /** Whether the session is to be ended. */
  isEnough({ refusals, refusedMs }: Pick<Patience, "refusals" | "refusedMs">, nowMs: number): boolean {
    if (this.#cause === undefined) return false;
    return this.#count >= refusals || (this.#count >= LEAST && nowMs - this.#sinceMs >= refusedMs);
  }

  /** What the last answer was, as sentences; undefined where it was no refusal. */
  get cause(): string | undefined {
    return this.#cause;
  }
}
