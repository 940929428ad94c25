/** Decides from what is seen of a running command whether it gets on. Pure: it is told the time. */

/** What a command does, as counts that only grow. */
export interface Activity {
  /** Bytes that it has printed. */
  readonly outputBytes: number;
  /** Processor time of all of its processes; undefined where this host does not say. */
  readonly cpuSeconds: number | undefined;
  /** Its requests to language models; undefined where it has none that agentd sees. */
  readonly llm: { readonly answered: number; readonly inFlight: number } | undefined;
}

/**
 * Less than this part of one processor, on average between two looks, is nothing to speak of: a heartbeat that an agent
 * prints takes some of it too.
 */
export const BUSY_CPU = 0.1;

/** One command's. */
export class StallJudge {
  #last: (Activity & { readonly at: number }) | undefined;
  #progressAt: number;

  /** @param startMs when the command began, or was found running. */
  constructor(startMs: number) {
    this.#progressAt = startMs;
  }

  /**
   * Takes what is seen now.
   *
   * Output counts, except of a command whose language models are idle: it may be a heartbeat.
   *
   * @param nowMs of a clock that stands still while the command does, as `StallClock`.
   * @returns for how long the command has got nowhere, in milliseconds.
   */
  look(nowMs: number, seen: Activity): number {
    const last = this.#last;
    this.#last = { ...seen, at: nowMs };
    if (last !== undefined && hasProgress(last, seen, nowMs - last.at)) this.#progressAt = nowMs;
    return nowMs - this.#progressAt;
  }
}

function hasProgress(last: Activity, seen: Activity, ms: number): boolean {
  const printed = seen.outputBytes !== last.outputBytes;
  const { llm } = seen;
  if (llm !== undefined && llm.answered !== (last.llm?.answered ?? llm.answered)) return true;
  const isIdle = llm?.inFlight === 0;
  if (printed && !isIdle) return true;
  const cpu = (seen.cpuSeconds ?? 0) - (last.cpuSeconds ?? seen.cpuSeconds ?? 0);
  return ms > 0 && cpu >= (BUSY_CPU * ms) / 1000;
}
