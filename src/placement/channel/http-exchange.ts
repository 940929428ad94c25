import type { IncomingMessage, ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";
import type * as z from "zod";
import { keyOf } from "./identity.ts";

/** An answer that is no success. */
export class ChannelRefusal extends Error {
  readonly status: number;
  readonly code: string;

  /** @param code for programs; the message is for people. */
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The key with which the other side has made the connection; undefined when it has shown none. */
export function keyOfPeer(request: IncomingMessage): string | undefined {
  const { socket } = request;
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  return certificate === undefined ? undefined : keyOf(certificate);
}

/** Reads a body. @throws ChannelRefusal when it is longer. */
export async function readBody(request: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes)
      throw new ChannelRefusal(413, "too_long", `a request may have ${mostBytes} bytes at most`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads a body that is JSON of that form. @throws ChannelRefusal */
export async function readJson<T>(
  request: IncomingMessage,
  schema: z.ZodType<T>,
  mostBytes: number,
): Promise<T> {
  const body = await readBody(request, mostBytes);
  const refuse = (): never => {
    // Not what it says: there may be a token in it.
    throw new ChannelRefusal(400, "invalid", "the body is not what this request has");
  };
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    return refuse();
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : refuse();
}

/** Answers, and takes no more of a request whose body was not read to its end. */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: object,
): void {
  if (response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    ...(request.complete ? {} : { connection: "close" }),
  });
  response.end(text);
}
