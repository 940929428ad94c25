/**
 * What a session waits for or does until its command runs: one line on a terminal, redrawn in place and removed
 * before anything else is printed.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { SessionView } from "../../session-document.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/printable.ts";
import type { SessionOutput } from "../terminal/session-output.ts";
import { ageText } from "../words/time-text.ts";

/** The line shows how long the session has waited, so it changes with the clock alone. */
const REDRAW_MS = 500;
const FIRST_LOOK_MS = 20;

export interface ProgressOptions {
  /** The session as the daemon shows it now; undefined until it has answered. */
  readonly latest: () => SessionView | undefined;
  /** Nothing is shown if this is not a terminal. */
  readonly terminal: Output;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Shows the progress of one session until its command runs, or until it is told to end. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #over = new AbortController();
  readonly #shown: Promise<void>;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#shown = options.terminal.isTerminal ? this.#show() : Promise.resolve();
  }

  /** Removes the line for good. Await it before other code writes to the terminal. */
  async end(): Promise<void> {
    this.#over.abort();
    await this.#shown;
  }

  /** The same output, but the line is removed before anything is written to it. */
  before(output: Pick<SessionOutput, "write">): Pick<SessionOutput, "write"> {
    return {
      write: async (chunk) => {
        await this.end();
        await output.write(chunk);
      },
    };
  }

  async #show(): Promise<void> {
    const { latest, terminal, now } = this.#options;
    const { signal } = this.#over;
    try {
      for (let view = latest(); ; view = latest()) {
        const text = view && progressText(view, now());
        if (text !== undefined) await terminal.status(text);
        else if (view !== undefined) break;
        await sleep(view === undefined ? FIRST_LOOK_MS : REDRAW_MS, undefined, { signal });
      }
    } catch {
      // Ended.
    }
    await terminal.clearStatus();
  }
}

/** The line; undefined once there is nothing more to wait for. */
export function progressText(view: SessionView, nowMs: number): string | undefined {
  const { state, position, reason, queued_timestamp: queued } = view;
  if (state !== "queued" && state !== "preparing") return undefined;
  const place = position === null ? "" : ` #${position}`;
  const why = reason === null ? "" : `: ${printable(reason)}`;
  return `agentd: ${state}${place} for ${ageText(nowMs - Date.parse(queued))}${why}`;
}
