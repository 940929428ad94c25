import type { Dispatcher } from "undici";
import type { FeedEvent } from "../events/event.ts";
import { post } from "../http-post.ts";
import { type Sink, SinkFailure } from "./sink.ts";

export interface HttpSinkOptions {
  /** The address as it is now; undefined: it is not set. */
  readonly url: () => string | undefined;
  /** What says where it comes from, in words for an error. */
  readonly from: string;
  /** Eight hexadecimal digits that name the state directory. */
  readonly instance: string;
  /** As `PostOptions`. */
  readonly connect: () => Promise<Dispatcher>;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Posts batches of CloudEvents 1.0: https://github.com/cloudevents/spec. */
export function httpSink({ url: urlOf, from, instance, connect, now }: HttpSinkOptions): Sink {
  const headers = { "content-type": "application/cloudevents-batch+json; charset=utf-8" };
  return {
    write: async (events, signal) => {
      const url = urlOf();
      if (url === undefined || url === "") throw new SinkFailure(`${from} is not set in credentials.env`);
      const body = JSON.stringify(events.map((event) => cloudEvent(event, instance)));
      const result = await post({ url, headers, body }, { connect, now, signal });
      if (result.kind === "accepted") return;
      if (result.kind === "gone") throw new SinkFailure("it answered with HTTP 410");
      throw new SinkFailure(result.why, result.kind === "failed" ? result.retryInMs : undefined);
    },
    close: () => undefined,
  };
}

/** An event in the words of CloudEvents. */
export function cloudEvent(event: FeedEvent, instance: string): object {
  const { seq, time, type, session_id: subject, profile, data } = event;
  return {
    specversion: "1.0",
    id: String(seq),
    source: `urn:agentd:${instance}`,
    type: `agentd.${type}`,
    time,
    ...(subject === undefined ? {} : { subject }),
    ...(profile === undefined ? {} : { profile }),
    datacontenttype: "application/json",
    data,
  };
}
