/** `GET /console/live`: the one stream of a page, as server-sent events. It says that something changed, not to what. */
import type { Hono } from "hono";
import { getCookie } from "hono/cookie";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { AgentdError } from "../../errors.ts";
import type { Caller } from "../../rpc/client.ts";
import type { Happenings } from "../live/happenings.ts";
import { logSizes } from "../live/log-size.ts";
import type { Hello } from "../words/page-answers.ts";
import { type DoorOptions, enterToRead } from "./door.ts";

/** Streams at once. */
export const MOST_STREAMS = 256;
/** Between two signs of life: a page that hears none for longer opens another stream. */
export const BEAT_MS = 10_000;

export interface LiveOptions extends DoorOptions {
  readonly daemon: Caller;
  readonly happenings: Happenings;
  readonly hello: Hello;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export function addLive(app: Hono, options: LiveOptions): void {
  const { happenings, hello, logins, cookie } = options;
  app.get("/console/live", (context) => {
    const door = enterToRead(context, options);
    if (happenings.listeners >= MOST_STREAMS) {
      throw new AgentdError("web_busy", {
        tried: "open a stream",
        why: `${MOST_STREAMS} are open`,
        next: "Close pages of the console.",
      });
    }
    const session = context.req.query("session");
    const login = getCookie(context, cookie) ?? "";
    const isLoggedIn = (): boolean => door === "token" || logins.has(login);
    const response = streamSSE(context, async (stream) => {
      const over = new AbortController();
      stream.onAbort(() => over.abort());
      const send = sender(stream, over);
      send("hello", hello);
      const stop = happenings.listen(({ kind, ...news }) => {
        send(kind, "happenings" in news ? news.happenings : {});
      });
      try {
        if (session !== undefined) void tellSizes(session, send, over.signal, options);
        while (!over.signal.aborted && isLoggedIn()) {
          send("beat", {});
          await options.sleep(BEAT_MS, over.signal).catch(() => undefined);
        }
      } finally {
        stop();
        over.abort();
      }
    });
    // Hono asks for less, and a proxy that collects what it passes on would hold it back.
    response.headers.set("cache-control", "no-store");
    response.headers.set("x-accel-buffering", "no");
    return response;
  });
}

type Send = (event: string, data: object) => void;

/** One after another; a page that takes nothing for long has its stream ended. */
function sender(stream: SSEStreamingApi, over: AbortController): Send {
  const MOST_WAITING = 1000;
  let waiting = 0;
  let last = Promise.resolve();
  return (event, data) => {
    if (waiting >= MOST_WAITING) over.abort();
    if (over.signal.aborted) return;
    waiting += 1;
    last = last
      .then(() => stream.writeSSE({ event, data: JSON.stringify(data) }))
      .catch(() => over.abort())
      .finally(() => (waiting -= 1));
  };
}

async function tellSizes(
  session: string,
  send: Send,
  signal: AbortSignal,
  { daemon, sleep }: LiveOptions,
): Promise<void> {
  try {
    const { record } = await daemon.call("show", { session }, { signal });
    for await (const bytes of logSizes({ record, sleep, signal })) send("log", { bytes });
  } catch {
    // The page asks for the session itself, and gets the error.
  }
}
