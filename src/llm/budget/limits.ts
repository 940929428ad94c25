/** What a session may spend. */

export interface Limits {
  /** The profile's name, for messages. */
  readonly profile: string;
  /** Nano-dollars of the session, and of all of the profile's sessions in a day. Undefined: no limit. */
  readonly usdNano: number | undefined;
  readonly usdPerDayNano: number | undefined;
  /** Tokens of all kinds. */
  readonly tokens: number | undefined;
  /** Requests that are sent, those that only count among them. */
  readonly requests: number | undefined;
  /** Output tokens of one answer. */
  readonly outputTokens: number | undefined;
  /** Requests at once; others wait. */
  readonly parallel: number;
}

/** The cap of a request for which neither client, profile nor model names one, where something limits it. */
export const FALLBACK_OUTPUT = 32_000;
