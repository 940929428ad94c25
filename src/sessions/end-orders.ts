import { ending, type Ending } from "../outcome.ts";
import type { EndOrder } from "./supervise.ts";

/** The order to end a session: it may come from several sides, and the first one stays. */
export class EndOrders {
  readonly #given = new AbortController();

  /** Aborted once an order is given. */
  get signal(): AbortSignal {
    return this.#given.signal;
  }

  /** Returns false when another order came before. */
  give(order: EndOrder): boolean {
    if (this.#given.signal.aborted) return false;
    this.#given.abort(order);
    return true;
  }

  /** Resolves with the order. */
  first(): Promise<EndOrder> {
    const { signal } = this;
    return new Promise((resolve) => {
      if (signal.aborted) resolve(signal.reason as EndOrder);
      else signal.addEventListener("abort", () => resolve(signal.reason as EndOrder), { once: true });
    });
  }

  /** How a session ended whose command never ran. Call it when an order was given. */
  ending(): Ending {
    const { outcome, cause } = this.signal.reason as EndOrder;
    return ending(outcome, { cause });
  }
}
