/**
 * One client's connection: requests in, responses out, and limits on its cost for the daemon.
 */
import { setMaxListeners } from "node:events";
import type { Socket } from "node:net";
import type { MethodRecord } from "../api/method-record.ts";
import { METHODS } from "../api/methods.ts";
import { AgentdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { type Dispatch, errorResponse } from "./dispatcher.ts";
import { type Frame, LineSplitter, toLine } from "./framing.ts";
import { MAX_REQUEST_BYTES, RequestFault, toWireError } from "./protocol.ts";
import { type AnswerId, readRequest, type WireRequest } from "./request.ts";

/** Answered whenever they are ready; all other requests of a connection one after another. */
const WAITING_METHODS: ReadonlySet<string> = new Set(
  Object.entries<MethodRecord>(METHODS).flatMap(([name, { waits = false }]) =>
    waits !== false ? [name] : [],
  ),
);

/** Of those, the ones that a connection waits for once at a time. */
const LONE_METHODS: ReadonlySet<string> = new Set(
  Object.entries<MethodRecord>(METHODS).flatMap(([name, { waits }]) => (waits === "alone" ? [name] : [])),
);

/** Sessions that one connection may wait for at once; one more is refused. */
export const MAX_WAITS = 256;

/** How patient the daemon is with one client, in milliseconds; then it is cut off. */
export interface Patience {
  /** From the beginning of a line, or from the connection when nothing was sent yet, to the line's end. */
  readonly lineMs: number;
  /** How long answers may wait for a client that does not read them. */
  readonly unreadMs: number;
}

export const PATIENCE: Patience = { lineMs: 10_000, unreadMs: 30_000 };

/**
 * Serves one connection until either side ends it. What a client sends while its last request is being answered, or
 * its answers are not read, stays in the kernel: so no client gets more than one turn of the daemon, or of its memory.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #dispatch: Dispatch;
  readonly #log: Logger;
  readonly #patience: Patience;
  readonly #splitter = new LineSplitter(MAX_REQUEST_BYTES);
  readonly #abandoned = new AbortController();
  /** Lines whose turn has not come. */
  #frames: Frame[] = [];
  #isAnswering = false;
  #waits = 0;
  /** The methods of `LONE_METHODS` that are being answered. */
  readonly #lone = new Set<string>();
  /** Runs while the end of a line is awaited. */
  #lineTimer: NodeJS.Timeout | undefined;
  /** Runs while answers wait to be read. */
  #unreadTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, dispatch: Dispatch, log: Logger, patience = PATIENCE) {
    this.#socket = socket;
    this.#dispatch = dispatch;
    this.#log = log;
    this.#patience = patience;
    // Every waiting request listens to it, and there may be many.
    setMaxListeners(0, this.#abandoned.signal);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("drain", () => this.#onRead());
    socket.on("error", (error) => log.debug({ error }, "a connection broke"));
    socket.on("end", () => this.#endAfterAnswers());
    socket.on("close", () => this.#onClosed());
    this.#awaitLine();
  }

  /** Abandons what the client waits for; what is already answered still goes out. */
  end(): void {
    this.#abandon();
    this.#socket.end();
  }

  /** Drops the connection and everything that was not sent. */
  destroy(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    const frames = this.#splitter.push(chunk);
    if (frames.length > 0) this.#stopAwaitingLine();
    this.#frames.push(...frames);
    void this.#answerInTurn();
  }

  async #answerInTurn(): Promise<void> {
    if (this.#isAnswering) return;
    this.#isAnswering = true;
    this.#socket.pause();
    while (!this.#abandoned.signal.aborted && !this.#socket.writableNeedDrain) {
      const frame = this.#frames.shift();
      if (frame === undefined) break;
      await this.#accept(frame);
    }
    this.#isAnswering = false;
    if (!this.#socket.writableNeedDrain) this.#listen();
  }

  #listen(): void {
    if (this.#splitter.isInLine) this.#awaitLine();
    this.#socket.resume();
  }

  async #accept(frame: Frame): Promise<void> {
    const read = readRequest(frame);
    if ("fault" in read) this.#refuse(read.id, read.fault);
    else if (WAITING_METHODS.has(read.request.method)) this.#beginWait(read.request);
    else await this.#answer(read.request);
  }

  #beginWait(request: WireRequest): void {
    if (this.#waits >= MAX_WAITS) {
      const why = `this connection already waits for ${MAX_WAITS} sessions`;
      this.#refuse(request.id, new RequestFault("invalid_request", why));
      return;
    }
    const { method } = request;
    if (this.#lone.has(method)) {
      this.#refuse(request.id, alreadyWaiting(method));
      return;
    }
    if (LONE_METHODS.has(method)) this.#lone.add(method);
    this.#waits += 1;
    void this.#answer(request).then(() => {
      this.#waits -= 1;
      this.#lone.delete(method);
      if (this.#abandoned.signal.aborted) this.#endAfterAnswers();
    });
  }

  async #answer(request: WireRequest): Promise<void> {
    this.#send(await this.#dispatch(request, { signal: this.#abandoned.signal }));
  }

  /** A client that has sent its last request, or is gone, has no turn to wait for. */
  #endAfterAnswers(): void {
    this.#abandon();
    if (this.#waits === 0) this.#socket.end();
  }

  #abandon(): void {
    this.#abandoned.abort(
      new RequestFault("invalid_request", "the connection ended before the answer was ready"),
    );
  }

  #refuse(id: AnswerId, fault: RequestFault | AgentdError): void {
    this.#send(errorResponse(id, toWireError(fault)));
  }

  #send(response: object): void {
    const socket = this.#socket;
    if (!socket.writable || socket.write(toLine(response))) return;
    // A line that nobody is reading is not an error.
    socket.pause();
    this.#stopAwaitingLine();
    this.#unreadTimer ??= setTimeout(
      () => this.#cutOff("disconnected a client that does not read"),
      this.#patience.unreadMs,
    );
  }

  #onRead(): void {
    clearTimeout(this.#unreadTimer);
    this.#unreadTimer = undefined;
    void this.#answerInTurn();
  }

  #awaitLine(): void {
    this.#lineTimer ??= setTimeout(() => {
      const why = `no complete line arrived within ${this.#patience.lineMs / 1000} s`;
      this.#refuse(null, new RequestFault("invalid_request", why));
      this.#cutOff("disconnected a client that does not complete its line");
    }, this.#patience.lineMs);
  }

  #stopAwaitingLine(): void {
    clearTimeout(this.#lineTimer);
    this.#lineTimer = undefined;
  }

  #onClosed(): void {
    this.#stopAwaitingLine();
    clearTimeout(this.#unreadTimer);
    this.#abandon();
  }

  #cutOff(why: string): void {
    this.#log.warn({ unread_bytes: this.#socket.writableLength }, why);
    this.#socket.destroy();
  }
}

function alreadyWaiting(method: string): AgentdError {
  return new AgentdError("already_waiting", {
    tried: `answer ${method}`,
    why: "this connection already waits for it",
    next: "Wait for that answer, or use another connection.",
  });
}
