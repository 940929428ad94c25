/** What an operator does to a session whose command runs. */
import type { SessionParts } from "../parts/session-parts.ts";
import type { ExecOptions, Usage } from "../port/live-job.ts";
import { journaledWords } from "./journaled-words.ts";
import { notRunning } from "./not-running.ts";
import { pause, resume } from "./pause.ts";

/** A command to start beside the session's. */
export interface ExecRequest extends ExecOptions {
  /** Whether it gets a terminal. */
  readonly tty: boolean;
}

export class Hands {
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /**
   * Prepares a command beside the session's, which the operator's client starts. It is journaled before.
   *
   * @returns the container, and what to start in it.
   * @throws AgentdError `session_not_running`; what resolving credentials throws.
   */
  async exec({ command, credentials, tty }: ExecRequest): Promise<{ ref: string; argv: readonly string[] }> {
    const { host, job, standing, live } = this.#parts;
    const tried = "start a command in the session";
    this.#requireRunning(tried);
    const words = journaledWords(command);
    await standing.note("exec", { command: words, credentials, tty });
    await host.failpoints.reach("exec_journaled");
    // It may have ended meanwhile.
    const { ref, signal } = live.running ?? this.#requireRunning(tried);
    const argv = await host.executor.exec(job, { command, credentials, signal });
    return { ref, argv };
  }

  /** Pauses it; see `pause`. */
  async pause(): Promise<void> {
    await pause(this.#parts);
  }

  /** Continues it; see `resume`. */
  async resume(): Promise<void> {
    await resume(this.#parts);
  }

  /**
   * What its command uses now; undefined when it does not run.
   *
   * @throws what asking the engine throws.
   */
  async usage(): Promise<Usage | undefined> {
    const { host, live } = this.#parts;
    return live.running && (await host.executor.usage(live.running.ref));
  }

  /** What it had on the disk at the last look; undefined before that, and where its profile has no bound. */
  get diskBytes(): number | undefined {
    return this.#parts.live.diskBytes;
  }

  #requireRunning(tried: string): { readonly ref: string; readonly signal: AbortSignal } {
    const { live, standing, record, pauses } = this.#parts;
    const { running } = live;
    if (pauses.isPaused) throw notRunning(tried, record.id, "paused");
    if (running !== undefined && standing.state === "running") return running;
    throw notRunning(tried, record.id, standing.state);
  }
}
