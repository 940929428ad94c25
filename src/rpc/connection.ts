/**
 * One client's connection: requests in, responses out, and what it may cost the daemon at most.
 */
import { setMaxListeners } from "node:events";
import type { Socket } from "node:net";
import type { Logger } from "../log.ts";
import { errorResponse, type Dispatch } from "./dispatcher.ts";
import { LineSplitter, toLine, type Frame } from "./framing.ts";
import { MAX_REQUEST_BYTES, RequestFault, toWireError } from "./protocol.ts";
import { readRequest, type AnswerId, type WireRequest } from "./request.ts";

/** Requests that one connection may have unanswered; one more is refused. */
export const MAX_REQUESTS_IN_FLIGHT = 256;

/** Bytes that may wait for a client to read them when the next response is ready; then it is cut off. */
export const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

/** Serves one connection until either side ends it. */
export class Connection {
  readonly #socket: Socket;
  readonly #dispatch: Dispatch;
  readonly #log: Logger;
  readonly #splitter = new LineSplitter(MAX_REQUEST_BYTES);
  readonly #abandoned = new AbortController();
  #inFlight = 0;

  constructor(socket: Socket, dispatch: Dispatch, log: Logger) {
    this.#socket = socket;
    this.#dispatch = dispatch;
    this.#log = log;
    // Every waiting request listens to it, and there may be many.
    setMaxListeners(0, this.#abandoned.signal);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("drain", () => socket.resume());
    socket.on("error", (error) => log.debug({ error }, "a connection broke"));
    socket.on("end", () => this.#endAfterAnswers());
    socket.on("close", () => this.#abandon());
  }

  /** Abandons what the client waits for; what is already answered still goes out. */
  end(): void {
    this.#abandon();
    this.#socket.end();
  }

  /** Drops the connection with whatever was not sent. */
  destroy(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    for (const frame of this.#splitter.push(chunk)) this.#accept(frame);
  }

  #accept(frame: Frame): void {
    if (this.#abandoned.signal.aborted) return;
    const read = readRequest(frame);
    if ("fault" in read) this.#refuse(read.id, read.fault);
    else if (this.#inFlight >= MAX_REQUESTS_IN_FLIGHT) {
      const why = `more than ${MAX_REQUESTS_IN_FLIGHT} requests of this connection are unanswered`;
      this.#refuse(read.request.id, new RequestFault("invalid_request", why));
    } else void this.#answer(read.request);
  }

  async #answer(request: WireRequest): Promise<void> {
    this.#inFlight += 1;
    const response = await this.#dispatch(request, { signal: this.#abandoned.signal });
    this.#inFlight -= 1;
    this.#send(response);
    if (this.#abandoned.signal.aborted) this.#endAfterAnswers();
  }

  /** A client that has sent its last request, or is gone, gets what is under way but nothing to wait for. */
  #endAfterAnswers(): void {
    this.#abandon();
    if (this.#inFlight === 0) this.#socket.end();
  }

  #abandon(): void {
    this.#abandoned.abort(
      new RequestFault("invalid_request", "the connection ended before the answer was ready"),
    );
  }

  #refuse(id: AnswerId, fault: RequestFault): void {
    this.#send(errorResponse(id, toWireError(fault)));
  }

  #send(response: object): void {
    const socket = this.#socket;
    if (!socket.writable) return;
    if (socket.writableLength > MAX_UNREAD_BYTES) {
      this.#log.warn({ unread_bytes: socket.writableLength }, "a client that does not read was cut off");
      socket.destroy();
      return;
    }
    // Who does not read its answers is not listened to either.
    if (!socket.write(toLine(response))) socket.pause();
  }
}
