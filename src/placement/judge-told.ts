import type { Observation } from "./placement.ts";

/** What a runner was told by its engine: to end. */
export type ToldVerdict =
  /** Somebody wants it so, or a limit: the session has to end. */
  | { readonly kind: "order"; readonly why: string }
  /** The engine does not say so of this run: the session goes on, here or on its node with the next runner. */
  | { readonly kind: "no_order" }
  /** The engine cannot be asked now. */
  | { readonly kind: "later" };

/** Engines count whole seconds, and a signal takes a while to a busy node. */
const LATE_MS = 5_000;

/**
 * Whether a runner was told to end because somebody wants so. Pure. A controller that was killed and started anew starts jobs
 * again that run already, or gives their numbers to others; then it ends these, and the signal comes to the runner that
 * was there before. Its own run was longer than the one that the engine ends.
 *
 * @param ranMs how long the runner had run when it was told.
 * @param observation of its job.
 */
export function judgeTold(ranMs: number, observation: Observation): ToldVerdict {
  if (observation.at === "unknown") return { kind: "later" };
  const ending = "ending" in observation ? observation.ending : undefined;
  if (ending === undefined) return { kind: "no_order" };
  const isThisRun = ending.ranMs + Math.min(LATE_MS, ranMs / 2) >= ranMs;
  return isThisRun ? { kind: "order", why: ending.why } : { kind: "no_order" };
}
