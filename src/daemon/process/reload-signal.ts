import type { SignalSource } from "./shutdown.ts";

/** SIGHUP, from the beginning of the process on: it never ends the daemon. */
export class ReloadSignal implements Disposable {
  readonly #source: SignalSource;
  #reload: (() => void) | undefined;
  #isOwed = false;

  constructor(source: SignalSource) {
    this.#source = source;
    source.on("SIGHUP", this.#onSignal);
  }

  /** Calls this for every signal; at once if one has come before. */
  follow(reload: () => void): void {
    this.#reload = reload;
    if (this.#isOwed) reload();
  }

  /** Gives the signal back to its default. */
  [Symbol.dispose](): void {
    this.#source.off("SIGHUP", this.#onSignal);
  }

  readonly #onSignal = (): void => {
    if (this.#reload === undefined) this.#isOwed = true;
    else this.#reload();
  };
}
