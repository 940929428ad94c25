/** The daemon's side of the control socket. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { JSONRPCClient, JSONRPCErrorException, type JSONRPCResponse } from "json-rpc-2.0";
import { sentence } from "../errors.ts";
import type {
  ControlMethods,
  ControlParamsOf,
  ControlProtocol,
  ControlResultOf,
} from "./control-protocol.ts";
import { LineSplitter, toLine } from "./framing.ts";
import { fromWireError, nobodyListens } from "./protocol.ts";

/** Longest answer: a list of thousands of sessions. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** One connection to a program that has said hello. */
export class ControlConnection<M extends ControlMethods> {
  readonly #socket: Socket;
  readonly #rpc: JSONRPCClient;
  readonly #protocol: ControlProtocol<M>;
  /** What the program said of itself. */
  readonly peer: ControlResultOf<M, "hello">;

  private constructor(
    socket: Socket,
    rpc: JSONRPCClient,
    protocol: ControlProtocol<M>,
    peer: ControlResultOf<M, "hello">,
  ) {
    this.#socket = socket;
    this.#rpc = rpc;
    this.#protocol = protocol;
    this.peer = peer;
  }

  /**
   * Connects and says hello.
   *
   * @returns undefined when nobody listens on the path.
   * @throws AgentdError as `ControlProtocol.unavailable` when one listens and does not answer; `protocol_mismatch`.
   */
  static async open<M extends ControlMethods>(
    protocol: ControlProtocol<M>,
    path: string,
    version: string,
    limitMs: number,
  ): Promise<ControlConnection<M> | undefined> {
    const socket = connect(path);
    socket.on("error", () => undefined);
    try {
      await once(socket, "connect", { signal: AbortSignal.timeout(limitMs) });
    } catch (error) {
      socket.destroy();
      if (nobodyListens(error)) return undefined;
      throw protocol.unavailable("hello", sentence(error));
    }
    const rpc = new JSONRPCClient((message) => void socket.write(toLine(message)));
    const splitter = new LineSplitter(MAX_ANSWER_BYTES);
    socket.on("data", (chunk: Buffer) => receive(chunk, splitter, rpc, socket));
    socket.once("close", () => rpc.rejectAllPendingRequests("it closed the connection"));
    try {
      const hello = { protocol: protocol.version, version } as ControlParamsOf<M, "hello">;
      const peer = await request(rpc, protocol, "hello", hello, limitMs);
      return new ControlConnection(socket, rpc, protocol, peer);
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** Resolves when the connection has ended. */
  async closed(): Promise<void> {
    if (this.#socket.closed) return;
    // Not `once`: that rejects when an error comes first.
    await new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
  }

  /**
   * @param limitMs undefined: no limit, for what answers only when something happens.
   * @throws AgentdError as the program says it; `ControlProtocol.unavailable` when it does not answer within the limit.
   */
  async call<K extends keyof M & string>(
    method: K,
    params: ControlParamsOf<M, K>,
    limitMs: number | undefined,
  ): Promise<ControlResultOf<M, K>> {
    if (this.#socket.destroyed) throw this.#protocol.unavailable(method, "the connection has ended");
    return request(this.#rpc, this.#protocol, method, params, limitMs);
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function request<M extends ControlMethods, K extends keyof M & string>(
  rpc: JSONRPCClient,
  protocol: ControlProtocol<M>,
  method: K,
  params: ControlParamsOf<M, K>,
  limitMs: number | undefined,
): Promise<ControlResultOf<M, K>> {
  const { unavailable } = protocol;
  const over = new AbortController();
  /** Rejects after a while, and is silent when the answer comes first. */
  const lateness = async (ms: number): Promise<never> => {
    await delay(ms, undefined, { signal: over.signal }).catch(() => new Promise(() => undefined));
    throw unavailable(method, `it did not answer within ${ms / 1000} s`);
  };
  try {
    const answer: unknown = await Promise.race([
      rpc.request(method, params),
      ...(limitMs === undefined ? [] : [lateness(limitMs)]),
    ]);
    return protocol.methods[method]?.result.parse(answer) as ControlResultOf<M, K>;
  } catch (error) {
    if (!(error instanceof JSONRPCErrorException)) throw error;
    // A broken connection rejects what waits without data.
    throw error.data === undefined
      ? unavailable(method, error.message)
      : fromWireError(method, error.message, error.data);
  } finally {
    over.abort();
  }
}

function receive(chunk: Buffer, splitter: LineSplitter, rpc: JSONRPCClient, socket: Socket): void {
  try {
    for (const frame of splitter.push(chunk)) {
      if (frame.kind !== "line") throw new Error(frame.kind);
      rpc.receive(JSON.parse(frame.text) as JSONRPCResponse);
    }
  } catch {
    socket.destroy(); // What does not speak the protocol is another program; requests that wait are rejected.
  }
}
