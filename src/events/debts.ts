import { setTimeout as sleep } from "node:timers/promises";
import { Backoff } from "../backoff.ts";
import { sentence } from "../errors.ts";
import type { Logger } from "../log.ts";

const TRIES = { firstMs: 1_000, longestMs: 30_000 };

/** Somebody with events that the feed has refused. */
export interface Debtor {
  /** Appends again what is missing. @throws while the feed refuses. */
  makeGood(): Promise<void>;
}

/** What the feed could not take, as on a full disk: tried again, one after the other, until it can. */
export class Debts {
  readonly #log: Logger;
  readonly #debtors = new Set<Debtor>();
  readonly #over = new AbortController();
  #paying: Promise<void> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(debtor: Debtor): void {
    this.#debtors.add(debtor);
    this.#paying ??= this.#pay().finally(() => (this.#paying = undefined));
  }

  /** Tries no more; the next daemon makes it good. */
  async close(): Promise<void> {
    this.#over.abort();
    await this.#paying;
  }

  async #pay(): Promise<void> {
    const backoff = new Backoff(TRIES);
    let told: string | undefined;
    while (this.#debtors.size > 0) {
      await sleep(backoff.next(), undefined, { signal: this.#over.signal }).catch(() => undefined); // Closed.
      if (this.#over.signal.aborted) return;
      try {
        for (const debtor of [...this.#debtors]) await this.#payOne(debtor);
      } catch (error) {
        if (told !== sentence(error))
          this.#log.error({ error }, "the feed of events lags behind; trying again");
        told = sentence(error);
      }
    }
    this.#log.info("the feed of events has what was missing");
  }

  async #payOne(debtor: Debtor): Promise<void> {
    // Before: it may come to owe something else meanwhile.
    this.#debtors.delete(debtor);
    try {
      await debtor.makeGood();
    } catch (error) {
      this.#debtors.add(debtor);
      throw error;
    }
  }
}
