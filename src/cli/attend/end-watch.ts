/**
 * After a session's command ends, its container is removed and its record is sealed. If that takes long,
 * the waiting commands print why.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { SessionView } from "../../session-document.ts";
import { type CliContext, say } from "../frame/context.ts";
import { printable } from "../terminal/printable.ts";

const LOOK_MS = 500;

/** A shorter end is not reported. */
const QUIET_MS = 10_000;

/** Decides what to print about the end of one session, and when. */
export class EndNotice {
  #finishingSinceMs: number | undefined;
  #said: string | undefined;

  /**
   * @param nowMs on the caller's clock, in milliseconds.
   * @returns the text to print now: when the end takes long, and when its reason changes; undefined for none.
   */
  next({ state, session_id: id, reason }: SessionView, nowMs: number): string | undefined {
    if (state !== "finishing") return undefined;
    this.#finishingSinceMs ??= nowMs;
    if (nowMs - this.#finishingSinceMs < QUIET_MS) return undefined;
    const text = `session ${id} has ended but is not sealed yet: ${printable(reason ?? "no reason is known")}`;
    if (text === this.#said) return undefined;
    this.#said = text;
    return text;
  }
}

/**
 * Prints to stderr what the end of a session waits for, until the signal. Does not reject.
 *
 * @param latest the session as the daemon shows it now; undefined until it has answered.
 */
export async function watchEnd(
  latest: () => SessionView | undefined,
  context: Pick<CliContext, "stderr" | "now">,
  signal: AbortSignal,
): Promise<void> {
  const notice = new EndNotice();
  try {
    for (;;) {
      await sleep(LOOK_MS, undefined, { signal });
      const view = latest();
      const text = view && notice.next(view, context.now());
      if (text !== undefined) await say(context, text);
    }
  } catch {
    // Ended.
  }
}
