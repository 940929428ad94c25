/**
 * The handlers of the methods: one function for each, without a transport.
 */
import type { MethodName, Params, Result } from "./methods.ts";

export interface RequestContext {
  /**
   * Aborts when the client no longer waits for the answer. A handler that waits then throws its `reason`; work that
   * the request has started continues.
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
