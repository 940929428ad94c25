/**
 * Ctrl-C: the first is a request, the second forces.
 */
import type { CliContext } from "../frame/context.ts";

/** Counts interrupts until it is released. */
export class Interrupts {
  readonly #first = new AbortController();
  readonly #second = new AbortController();
  /** Lets an interrupt end the process again. */
  readonly release: () => void;

  constructor(context: Pick<CliContext, "onInterrupt">) {
    this.release = context.onInterrupt(() => {
      (this.#first.signal.aborted ? this.#second : this.#first).abort();
    });
  }

  get first(): AbortSignal {
    return this.#first.signal;
  }

  get second(): AbortSignal {
    return this.#second.signal;
  }
}
