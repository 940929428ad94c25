/**
 * What serves the methods: one function for each, without a transport.
 */
import type { MethodName, Params, Result } from "./methods.ts";

export interface RequestContext {
  /**
   * Aborts when nobody waits for the answer any more. A handler that waits then throws its `reason`; what the
   * request has started goes on.
   */
  readonly signal: AbortSignal;
}

/** What the daemon implements: every method but `hello`, which each transport answers itself. */
export type Handlers = {
  readonly [M in Exclude<MethodName, "hello">]: (
    params: Params<M>,
    context: RequestContext,
  ) => Promise<Result<M>>;
};
