/**
 * The journal of systemd, by the stream that `systemd-cat` uses. The native protocol, with fields, needs Unix datagrams,
 * which Node.js has not; so an event is the message, as JSON.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { sentence } from "../errors.ts";
import type { FeedEvent } from "../events/event.ts";
import { type Sink, SinkFailure } from "./sink.ts";

/** The journal splits longer lines. */
const MOST_LINE_BYTES = 40 * 1024;
const IDENTIFIER = "agentd-events";
const [WARNING, NOTICE, INFO] = [4, 5, 6];

/** @param path of the journal's socket for streams. */
export function journaldSink(path: string): Sink {
  let socket: Socket | undefined;
  const close = (): void => {
    socket?.destroy();
    socket = undefined;
  };
  return {
    write: async (events, signal) => {
      try {
        if (socket === undefined || socket.destroyed) socket = await opened(path, signal);
        await written(socket, events.map(lineOf).join(""), signal);
      } catch (error) {
        close();
        signal.throwIfAborted();
        throw new SinkFailure(sentence(error));
      }
    },
    close,
  };
}

async function opened(path: string, signal: AbortSignal): Promise<Socket> {
  const socket = connect(path);
  await once(socket, "connect", { signal });
  // A failure while nothing is written shows at the next write.
  socket.on("error", () => socket.destroy());
  // Identifier, unit, priority, and that lines begin with their own; nothing is passed on to syslog, kmsg and the console.
  await written(socket, `${IDENTIFIER}\n\n${INFO}\n1\n0\n0\n0\n`, signal);
  return socket;
}

async function written(socket: Socket, text: string, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.write(text, (error) => {
      signal.removeEventListener("abort", onAbort);
      if (error instanceof Error) reject(error);
      else resolve();
    });
  });
}

function lineOf(event: FeedEvent): string {
  const whole = JSON.stringify(event);
  const { data: _data, ...rest } = event;
  const text = Buffer.byteLength(whole) <= MOST_LINE_BYTES ? whole : JSON.stringify({ ...rest, data: null });
  return `<${priorityOf(event.type)}>${text}\n`;
}

function priorityOf(type: FeedEvent["type"]): number {
  if (/failed|degraded|refused|incomplete|stalled|exhausted|denied/.test(type)) return WARNING;
  return type.startsWith("daemon.") ? NOTICE : INFO;
}
