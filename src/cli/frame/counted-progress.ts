/** How far a long command has come: one line on a terminal's standard error, gone before anything else is printed. */
import type { CliContext } from "./context.ts";

const REDRAW_MS = 100;

export class CountedProgress {
  readonly #context: Pick<CliContext, "stderr" | "now">;
  readonly #what: string;
  #drawnAt = 0;

  /** @param what is counted, such as "records verified". */
  constructor(context: Pick<CliContext, "stderr" | "now">, what: string) {
    this.#context = context;
    this.#what = what;
  }

  /** Draws the line, unless that was done a moment ago or standard error is no terminal. */
  async show(done: number, all: number): Promise<void> {
    const { stderr, now } = this.#context;
    if (!stderr.isTerminal || now() - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now();
    await stderr.status(`agentd: ${done} of ${all} ${this.#what}`);
  }

  /** Takes the line away. */
  async end(): Promise<void> {
    await this.#context.stderr.clearStatus();
  }
}
