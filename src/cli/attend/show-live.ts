/** Text on a terminal that the feed of events keeps up to date: nothing is polled. */
import { MAX_EVENTS } from "../../api/limits.ts";
import type { Caller } from "../../rpc/client.ts";
import type { SteadyClock } from "../../rpc/persistent-client.ts";
import { type CliContext, withPersistentClient } from "../frame/context.ts";
import { LiveView } from "../terminal/live-view.ts";
import { Interrupts } from "./interrupts.ts";

/** How long the daemon waits for an event before it answers. */
const WAIT_MS = 60_000;
/** People read no faster than this, so events that come at once are one look. */
const SHORTEST_PAUSE_MS = 200;
/** How often ages are shown anew. */
const AGES_MS = 1_000;

export interface LiveText<T> {
  readonly ask: (client: Caller) => Promise<T>;
  /** With ages as of now. */
  readonly text: (answer: T) => string;
}

/** Shows a text until Ctrl-C: what happens changes it, and the clock its ages. @returns the exit code. */
export async function showLive<T>({ ask, text }: LiveText<T>, context: CliContext): Promise<number> {
  const { stdout, clock } = context;
  const { first, release } = new Interrupts(context);
  const view = new LiveView(stdout);
  let shown: { readonly answer: T } | undefined;
  const draw = async (): Promise<void> => {
    if (shown !== undefined) await view.show(text(shown.answer));
  };
  const over = new AbortController();
  const signal = AbortSignal.any([first, stdout.closed, over.signal]);
  const ages = drawAges(draw, clock, signal);
  try {
    await withPersistentClient(context, async (client) => {
      const look = async (): Promise<void> => {
        shown = { answer: await ask(client) };
        await draw();
      };
      await watchFeed(client, look, { clock, signal });
    });
    return 0;
  } finally {
    over.abort();
    await ages;
    release();
  }
}

/**
 * Looks at once, and again whenever something has happened, until the signal.
 *
 * @throws what looking throws; nothing once the signal has aborted.
 */
async function watchFeed(
  client: Caller,
  look: () => Promise<void>,
  { clock, signal }: { readonly clock: SteadyClock; readonly signal: AbortSignal },
): Promise<void> {
  try {
    // Before the first look, so that nothing is missed between the two.
    let { after } = await client.call("events", { limit: 1, wait_ms: 0 }, { signal });
    for (;;) {
      await look();
      after = await nextEvent(client, after, signal);
      await clock.sleep(SHORTEST_PAUSE_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Waits for events after one; the number of the last of them. */
async function nextEvent(client: Caller, known: number, signal: AbortSignal): Promise<number> {
  for (;;) {
    const params = { after: known, limit: MAX_EVENTS, wait_ms: WAIT_MS };
    const { after } = await client.call("events", params, { signal });
    if (after > known) return after;
  }
}

async function drawAges(draw: () => Promise<void>, clock: SteadyClock, signal: AbortSignal): Promise<void> {
  for (;;) {
    await clock.sleep(AGES_MS, signal).catch(() => undefined); // Over.
    if (signal.aborted) return;
    await draw();
  }
}
