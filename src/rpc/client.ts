/**
 * The client's side of the socket: connects, says hello, calls methods by their types.
 */
import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import { isJSONRPCResponse, JSONRPCClient, JSONRPCErrorException, type JSONRPCResponse } from "json-rpc-2.0";
import type { MethodName, Params, Result } from "../api/methods.ts";
import { AgentdError, sentence } from "../errors.ts";
import { type Frame, LineSplitter, toLine } from "./framing.ts";
import { fromWireError, nobodyListens, PROTOCOL_VERSION } from "./protocol.ts";

/** A response line that is longer is a fault of the daemon. */
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

export interface ConnectOptions {
  /** Version of this client, for the daemon's messages. */
  readonly version: string;
  /** How long connecting and hello may take together. */
  readonly timeoutMs: number;
  /** Gives up connecting; of no effect afterwards. */
  readonly signal?: AbortSignal | undefined;
}

export interface CallOptions {
  /** Gives up on the answer; the daemon continues what the request started. */
  readonly signal?: AbortSignal | undefined;
}

/** A connection that calls the daemon's methods. */
export interface Caller {
  /** Calls a method and returns its result. There is no deadline: `wait` may take days. */
  call<M extends MethodName>(method: M, params: Params<M>, options?: CallOptions): Promise<Result<M>>;
}

/** A caller that somebody closes. */
export interface Connection extends Caller {
  /** Ends it; what is still asked for rejects. */
  readonly close: () => void;
}

/**
 * Connects to the daemon and compares versions with it.
 *
 * @returns a client that the caller closes.
 * @throws AgentdError `daemon_not_running`, `protocol_mismatch`, `daemon_lost`.
 */
export async function connect(
  path: string,
  { version, timeoutMs, signal }: ConnectOptions,
): Promise<RpcClient> {
  signal?.throwIfAborted();
  const socket = connectSocket(path);
  const late = new Error(`nothing answered within ${timeoutMs} ms`);
  const deadline = setTimeout(() => socket.destroy(late), timeoutMs);
  const abandon = (): void => void socket.destroy(signal?.reason as Error);
  signal?.addEventListener("abort", abandon, { once: true });
  try {
    await once(socket, "connect");
    const client = new RpcClient(socket);
    // Awaited before any other request: a daemon of another version could still carry that out.
    await client.call("hello", { protocol: PROTOCOL_VERSION, version });
    return client;
  } catch (error) {
    socket.destroy();
    // Told as it is when the daemon did answer, or went away while it should.
    if (error instanceof AgentdError && socket.errored !== late) throw error;
    throw notRunning(path, socket.errored ?? error);
  } finally {
    clearTimeout(deadline);
    signal?.removeEventListener("abort", abandon);
  }
}

/** One connection to the daemon; calls may overlap. */
export class RpcClient implements Connection {
  readonly #socket: Socket;
  readonly #rpc: JSONRPCClient;
  readonly #splitter = new LineSplitter(MAX_RESPONSE_BYTES);
  /** Why the connection is no longer usable; undefined while it is. */
  #lost: AgentdError | undefined;

  /** @param socket connected; the client owns it from here on. */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#rpc = new JSONRPCClient((request) => void socket.write(toLine(request)));
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", (error) => this.#lose(error.message));
    socket.on("close", () => this.#lose("it closed the connection"));
  }

  /** @throws AgentdError as the daemon reported it, or `daemon_lost` when the connection broke. */
  async call<M extends MethodName>(
    method: M,
    params: Params<M>,
    { signal }: CallOptions = {},
  ): Promise<Result<M>> {
    signal?.throwIfAborted();
    const lost = this.#whyLost();
    if (lost !== undefined) throw lost;
    const answer = Promise.resolve(this.#rpc.request(method, params)) as Promise<Result<M>>;
    try {
      return await abandonable(answer, signal);
    } catch (error) {
      if (!(error instanceof JSONRPCErrorException)) throw error;
      throw this.#whyLost() ?? fromWireError(method, error.message, error.data);
    }
  }

  /** Ends the connection; calls that have no answer yet fail with `daemon_lost`. */
  close(): void {
    this.#lose("this client closed the connection");
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    for (const frame of this.#splitter.push(chunk)) this.#accept(frame);
  }

  #accept(frame: Frame): void {
    const response = readResponse(frame);
    if (response === undefined) {
      this.#lose("it sent a message that is not a response");
      this.#socket.destroy();
    } else {
      this.#rpc.receive(response);
    }
  }

  /** The field may change while a call waits, which the type checker does not see. */
  #whyLost(): AgentdError | undefined {
    return this.#lost;
  }

  #lose(why: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = new AgentdError("daemon_lost", {
      tried: "get an answer from the daemon",
      why,
      next: "Check that the daemon runs: `agentd status`.",
    });
    this.#rpc.rejectAllPendingRequests(why);
  }
}

function notRunning(path: string, cause: unknown): AgentdError {
  return new AgentdError("daemon_not_running", {
    tried: `reach the daemon on ${path}`,
    why: nobodyListens(cause) ? "no daemon listens there" : sentence(cause),
    next: "Start it with `systemctl --user start agentd` or `agentd daemon`.",
    cause,
  });
}

/** The same promise, but rejected with the signal's reason as soon as it aborts. */
export function abandonable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abandon = () => reject(signal.reason as Error);
    if (signal.aborted) abandon();
    signal.addEventListener("abort", abandon, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abandon));
  });
}

function readResponse(frame: Frame): JSONRPCResponse | undefined {
  if (frame.kind !== "line") return undefined;
  try {
    const message: unknown = JSON.parse(frame.text);
    return isObject(message) && isJSONRPCResponse(message) ? message : undefined;
  } catch {
    return undefined; // Not JSON: the caller drops the connection.
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
