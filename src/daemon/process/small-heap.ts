import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { SessionFeed } from "../../sessions/state/feed.ts";

/** Longer than workers wait for more to do: they are gone then. */
const QUIET_MS = 35_000;

const V8_MAJOR = Number.parseInt(process.versions.v8, 10);

/**
 * Keeps V8's heap small, for a process that lives for months and mostly waits. Called before the daemon's modules are
 * loaded: that is its first busy moment.
 *
 * The space for young objects stays at the 2 MB it starts with; otherwise the first busy moment makes it 32 MB, which stay.
 * V8 corrects that flag whenever it makes a heap, so this is called again after each worker has started. Old objects are
 * collected when a few MB have come, not when there are twice as many. Functions are compiled with the optimizing compilers
 * only when they are twenty times as busy: their memory stays with the threads that they ran on. V8 has other flags for that
 * since Node.js 22, and complains about those that it does not know.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--optimize-for-size");
  if (V8_MAJOR < 12) {
    setFlagsFromString("--interrupt-budget=1350000");
  } else {
    setFlagsFromString("--invocation-count-for-maglev=8000");
    setFlagsFromString("--invocation-count-for-turbofan=60000");
  }
}

/**
 * Collects garbage now, and whenever nothing has happened to sessions for a while; each time takes 30 ms. V8 by itself collects nothing in
 * a process that waits, and before its first collection it lets tens of MB come together.
 *
 * @returns ends it.
 */
export function collectWhenQuiet(feed: Pick<SessionFeed, "subscribe">): () => Promise<void> {
  // Only a context made after this has the function.
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  const timer = setTimeout(collect, QUIET_MS).unref();
  const unsubscribe = feed.subscribe(() => void timer.refresh());
  return () => {
    unsubscribe();
    clearTimeout(timer);
    return Promise.resolve();
  };
}
