import type { GatewayProcessOptions } from "./gateway-process.ts";

/** How a daemon has its gateway. */
export interface GatewayOptions extends GatewayProcessOptions {
  /** How often it is asked whether it lives. Default 2 seconds; it and the answer's limit together are at most 10. */
  readonly askMs?: number | undefined;
  /** How long it stays when no session needs it, in milliseconds; looked at every `askMs`. Default a minute. */
  readonly idleMs?: number | undefined;
  /** A clock in milliseconds that nobody sets. Default: that of this process. */
  readonly monotonic?: (() => number) | undefined;
  /** Called when a running session's network was opened again, after the gateway had died. */
  readonly onSessionRestored?: ((session: string) => void) | undefined;
  /**
   * Called when a running session's network could not be opened again after the gateway had died. It is tried until it
   * succeeds, which `onSessionRestored` tells, or until the session is closed.
   */
  readonly onSessionLost?: ((session: string, error: unknown) => void) | undefined;
}
