/** The signals that ask a daemon to end. */
const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** The events of a process that a shutdown listens to. */
export type SignalSource = Pick<NodeJS.Process, "on" | "off">;

/** A request to end: the first asks politely, the second does not wait. */
export class ShutdownSignals implements Disposable {
  /** Resolves at the first signal. */
  readonly first: Promise<NodeJS.Signals>;
  /** Resolves at the second signal. */
  readonly second: Promise<NodeJS.Signals>;
  readonly #source: SignalSource;
  readonly #listener: (signal: NodeJS.Signals) => void;

  constructor(source: SignalSource) {
    const waiting: ((signal: NodeJS.Signals) => void)[] = [];
    this.first = new Promise((resolve) => waiting.push(resolve));
    this.second = new Promise((resolve) => waiting.push(resolve));
    this.#source = source;
    this.#listener = (signal) => waiting.shift()?.(signal);
    for (const signal of SIGNALS) source.on(signal, this.#listener);
  }

  /** Gives the signals back to their default. */
  [Symbol.dispose](): void {
    for (const signal of SIGNALS) this.#source.off(signal, this.#listener);
  }
}
