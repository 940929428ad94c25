/** Resolves names within bounds. */
import { lookup } from "node:dns/promises";
import { setTimeout as delay } from "node:timers/promises";

/** All addresses of a name, those to try first at the front. Rejects when it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** The resolver of the host, with its hosts file; an address of IPv4 first. */
export async function resolveOnHost(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true, order: "ipv4first" });
  return found.map(({ address }) => address);
}

/** What became of a name. */
export type Resolved =
  | { readonly kind: "found"; readonly addresses: readonly string[] }
  | { readonly kind: "failed"; readonly why: string; readonly isLate: boolean };

/**
 * Resolves the names of one session: so many at once, so that it does not take the threads that other sessions need,
 * and each within a limit.
 */
export class BoundedResolver {
  readonly #resolve: Resolve;
  readonly #atOnce: number;
  readonly #limitMs: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(
    resolve: Resolve,
    { lookups, resolveMs }: { readonly lookups: number; readonly resolveMs: number },
  ) {
    this.#resolve = resolve;
    this.#atOnce = lookups;
    this.#limitMs = resolveMs;
  }

  /** Never rejects; ends at once when the signal aborts. A lookup that is late keeps its turn until it ends. */
  async resolve(host: string, signal: AbortSignal): Promise<Resolved> {
    const over = new AbortController();
    const abandon = (): void => over.abort();
    signal.addEventListener("abort", abandon, { once: true });
    if (signal.aborted) abandon();
    const late = delay(this.#limitMs, undefined, { signal: over.signal }).then(
      (): Resolved => ({ kind: "failed", why: "no answer came in time", isLate: true }),
      (): Resolved => ({ kind: "failed", why: "it is over", isLate: false }),
    );
    try {
      return await Promise.race([this.#inTurn(host, over.signal), late]);
    } finally {
      over.abort();
      signal.removeEventListener("abort", abandon);
    }
  }

  async #inTurn(host: string, over: AbortSignal): Promise<Resolved> {
    if (this.#running >= this.#atOnce) await new Promise<void>((start) => this.#waiting.push(start));
    else this.#running += 1;
    try {
      if (over.aborted) return { kind: "failed", why: "it is over", isLate: true };
      return { kind: "found", addresses: await this.#resolve(host) };
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      return { kind: "failed", why: `the name has no address (${code})`, isLate: false };
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
