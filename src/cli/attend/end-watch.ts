/**
 * A session whose command has ended is not over: its container is removed and its record is sealed. Where that takes long,
 * whoever waits is told what for.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { SessionView } from "../../session-document.ts";
import { type CliContext, say } from "../frame/context.ts";
import { printable } from "../terminal/printable.ts";

const LOOK_MS = 500;

/** An end that takes no longer is not worth a word. */
const QUIET_MS = 10_000;

/** Decides what is said about the end of one session, and when. */
export class EndNotice {
  #finishingSinceMs: number | undefined;
  #said: string | undefined;

  /**
   * @param nowMs on the caller's clock, in milliseconds.
   * @returns what is to be said now: once the end takes long, and whenever it waits for something else; undefined: nothing.
   */
  next({ state, session_id: id, reason }: SessionView, nowMs: number): string | undefined {
    if (state !== "finishing") return undefined;
    this.#finishingSinceMs ??= nowMs;
    if (nowMs - this.#finishingSinceMs < QUIET_MS) return undefined;
    const text = `session ${id} has ended and is not sealed yet: ${printable(reason ?? "no reason is known")}`;
    if (text === this.#said) return undefined;
    this.#said = text;
    return text;
  }
}

/**
 * Says on stderr what the end of a session waits for, until the signal. Does not reject.
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
