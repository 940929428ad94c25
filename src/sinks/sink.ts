/** Where an operator wants the whole feed. */
import type { FeedEvent } from "../events/event.ts";

/** One `[[sinks]]`. */
export type SinkSettings =
  /** JSON lines. */
  | { readonly kind: "file"; readonly path: string }
  /** CloudEvents, posted in batches. */
  | { readonly kind: "url"; readonly url: string }
  /** The same; the variable has the address. */
  | { readonly kind: "url_source"; readonly source: string }
  /** The journal of systemd. */
  | { readonly kind: "journald" };

/** Takes events, in their order. */
export interface Sink {
  /**
   * Takes some events. When it rejects, they are given again, all of them: some may have arrived.
   *
   * @throws SinkFailure; the signal's reason.
   */
  readonly write: (events: readonly FeedEvent[], signal: AbortSignal) => Promise<void>;
  readonly close: () => void;
}

/** Why events were not taken. No text has any part of an address. */
export class SinkFailure extends Error {
  override readonly name = "SinkFailure";
  /** How long it wants to be left alone; undefined: it did not say. */
  readonly retryInMs: number | undefined;

  constructor(why: string, retryInMs?: number) {
    super(why);
    this.retryInMs = retryInMs;
  }
}

/** What a sink is called in the log and in the status; the same for two that are the same. */
export function sinkName(settings: SinkSettings): string {
  switch (settings.kind) {
    case "file":
      return settings.path;
    case "url":
      return new URL(settings.url).origin;
    case "url_source":
      return settings.source;
    case "journald":
      return "journald";
  }
}
