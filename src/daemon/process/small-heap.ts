import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/**
 * Keeps V8's heap small, for a process that lives for months and mostly waits. Called before the daemon's modules are
 * loaded: that is its first busy moment.
 *
 * The space for young objects stays at the 2 MB it starts with; otherwise the first busy moment makes it 32 MB, which stay.
 * V8 corrects that flag whenever it makes a heap, so this is called again after each worker has started. Old objects are
 * collected when a few MB have come, not when there are twice as many.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--optimize-for-size");
}

/**
 * Collects garbage once, which takes 30 ms. Called when the daemon has started: only from its first collection of old objects
 * on V8 knows how many there are, and before that it waits for tens of MB of them.
 */
export function collectGarbage(): void {
  // Only a context made after this has the function.
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
