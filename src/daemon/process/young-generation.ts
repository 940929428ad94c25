import { setFlagsFromString } from "node:v8";

/**
 * Keeps V8's space for young objects at the 2 MB it starts with. Otherwise the first busy moment makes it 32 MB, which
 * stay: half of what the daemon holds.
 *
 * Called before the daemon's modules are loaded: that is such a moment.
 *
 * V8 corrects the flag whenever it makes a heap, so this is called again after each worker has started.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}
