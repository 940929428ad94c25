/** The bounds of one session's proxy. Times in milliseconds. */
export interface ProxyLimits {
  /** Resolving a name, with waiting for a turn. */
  readonly resolveMs: number;
  /** Reaching one of a host's addresses. */
  readonly connectMs: number;
  /** The headers of a request, and the ClientHello behind a CONNECT. */
  readonly headersMs: number;
  /** A connection on which nothing moves in either direction. */
  readonly idleMs: number;
  /** How often a client that has ended its side is looked for; whole seconds. */
  readonly halfOpenMs: number;
  /** Connections of the session at once, and requests that it has open. */
  readonly connections: number;
  /** Names that are resolved at once; others wait for their turn. */
  readonly lookups: number;
  /** The port that takes TLS and nothing else. */
  readonly httpsPort: number;
}

export const PROXY_LIMITS: ProxyLimits = {
  resolveMs: 5_000,
  connectMs: 10_000,
  headersMs: 10_000,
  idleMs: 600_000,
  halfOpenMs: 5_000,
  connections: 256,
  lookups: 8,
  httpsPort: 443,
};
