import { type Ending, ending, type Outcome } from "../../outcome.ts";

/** How a session ends that agentd itself ends. */
export const ORDERED_OUTCOMES = [
  "timed_out",
  "cancelled",
  "output_limit_exceeded",
  "disk_limit_exceeded",
  "budget_exhausted",
  "llm_refused",
  "stalled",
] as const satisfies readonly Outcome[];

/** Why agentd itself ends a session. */
export interface EndOrder {
  readonly outcome: (typeof ORDERED_OUTCOMES)[number];
  readonly cause: string;
  /** Time between SIGTERM and SIGKILL, in milliseconds. */
  readonly graceMs: number;
}

/** The order to end a session: several sources may give one, and the first one stays. */
export class EndOrders {
  readonly #given = new AbortController();
  readonly #journal: (order: EndOrder) => Promise<void>;
  #taken: EndOrder | undefined;
  #journaled: Promise<void> | undefined;

  /**
   * @param journal makes an order outlive this daemon; awaited before the order is carried out.
   * @param earlier an order that is journaled already, from an earlier daemon.
   */
  constructor(journal: (order: EndOrder) => Promise<void>, earlier: EndOrder | undefined) {
    this.#journal = journal;
    if (earlier === undefined) return;
    this.#taken = earlier;
    this.#journaled = Promise.resolve();
    this.#given.abort(earlier);
  }

  /** Aborted once an order is given. */
  get signal(): AbortSignal {
    return this.#given.signal;
  }

  /** The order that stays, also while it is being journaled. */
  get taken(): EndOrder | undefined {
    return this.#taken;
  }

  /**
   * Gives an order, unless an earlier one was given; the one that counts is journaled when this resolves.
   *
   * @throws what journaling throws: this daemon obeys the order anyway.
   */
  async give(order: EndOrder): Promise<void> {
    this.#taken ??= order;
    this.#journaled ??= this.#journal(order).finally(() => this.#given.abort(order));
    await this.#journaled;
  }

  /** Resolves with the order. */
  first(): Promise<EndOrder> {
    const { signal } = this;
    return new Promise((resolve) => {
      if (signal.aborted) resolve(signal.reason as EndOrder);
      else signal.addEventListener("abort", () => resolve(signal.reason as EndOrder), { once: true });
    });
  }

  /** How a session ended whose command never ran. Call it only when an order was given. */
  ending(): Ending {
    const { outcome, cause } = this.signal.reason as EndOrder;
    return ending(outcome, { cause });
  }
}
