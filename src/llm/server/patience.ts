/** The bounds of one session's server. Times in milliseconds. */
export interface Patience {
  /** A client's headers, and its whole request. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** A connection of a client between two requests. */
  readonly keepAliveMs: number;
  /** A client that does not read what is there for it. */
  readonly stalledMs: number;
  /** Reaching a provider. */
  readonly connectMs: number;
  /** A provider that has not begun to answer, or says nothing in the middle: reasoning takes long. */
  readonly answerMs: number;
  readonly silenceMs: number;
  /** Connections of the session at once. */
  readonly connections: number;
  /** Bytes of one body, and of all bodies at once. */
  readonly bodyBytes: number;
  readonly bodiesBytes: number;
  /** Answers of 401 or 403 in a row after which the session ends. */
  readonly refusals: number;
  /** The same where there are fewer, but at least three, since the first of them: agents wait longer each time. */
  readonly refusedMs: number;
}

const MINUTE_MS = 60_000;
const MIB = 1024 * 1024;

export const PATIENCE: Patience = {
  headersMs: 10_000,
  requestMs: 5 * MINUTE_MS,
  keepAliveMs: MINUTE_MS,
  stalledMs: 10 * MINUTE_MS,
  connectMs: 30_000,
  answerMs: 60 * MINUTE_MS,
  silenceMs: 30 * MINUTE_MS,
  connections: 256,
  bodyBytes: 32 * MIB,
  bodiesBytes: 64 * MIB,
  refusals: 8,
  refusedMs: 15_000,
};
