/** The daemon's side of the control socket. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { JSONRPCClient, JSONRPCErrorException, type JSONRPCResponse } from "json-rpc-2.0";
import { AgentdError, sentence } from "../../errors.ts";
import { LineSplitter, toLine } from "../../rpc/framing.ts";
import { fromWireError, nobodyListens } from "../../rpc/protocol.ts";
import {
  CONTROL_METHODS,
  type ControlMethod,
  type ControlParams,
  type ControlResult,
  GATEWAY_PROTOCOL,
} from "../control/control-protocol.ts";

/** Longest answer: a list of thousands of sessions. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** One connection to a gateway that has said hello. */
export class ControlConnection {
  readonly #socket: Socket;
  readonly #rpc: JSONRPCClient;
  /** What the gateway said of itself. */
  readonly gateway: ControlResult<"hello">;

  private constructor(socket: Socket, rpc: JSONRPCClient, gateway: ControlResult<"hello">) {
    this.#socket = socket;
    this.#rpc = rpc;
    this.gateway = gateway;
  }

  /**
   * Connects and says hello.
   *
   * @returns undefined when no gateway listens on the path.
   * @throws AgentdError `gateway_unavailable` when one listens and does not answer; `protocol_mismatch`.
   */
  static async open(path: string, version: string, limitMs: number): Promise<ControlConnection | undefined> {
    const socket = connect(path);
    socket.on("error", () => undefined);
    try {
      await once(socket, "connect", { signal: AbortSignal.timeout(limitMs) });
    } catch (error) {
      socket.destroy();
      if (nobodyListens(error)) return undefined;
      throw unavailable("hello", sentence(error));
    }
    const rpc = new JSONRPCClient((message) => void socket.write(toLine(message)));
    const splitter = new LineSplitter(MAX_ANSWER_BYTES);
    socket.on("data", (chunk: Buffer) => receive(chunk, splitter, rpc, socket));
    socket.once("close", () => rpc.rejectAllPendingRequests("it closed the connection"));
    try {
      const hello = { protocol: GATEWAY_PROTOCOL, version };
      return new ControlConnection(socket, rpc, await request(rpc, "hello", hello, limitMs));
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
   * @throws AgentdError as the gateway says it; `gateway_unavailable` when it does not answer within the limit.
   */
  async call<M extends ControlMethod>(
    method: M,
    params: ControlParams<M>,
    limitMs: number | undefined,
  ): Promise<ControlResult<M>> {
    if (this.#socket.destroyed) throw unavailable(method, "the connection has ended");
    return request(this.#rpc, method, params, limitMs);
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** The error of a gateway that gives no answer. */
export function unavailable(method: string, why: string): AgentdError {
  return new AgentdError("gateway_unavailable", {
    tried: `ask the gateway for ${method}`,
    why,
    next: "See the daemon's log.",
  });
}

async function request<M extends ControlMethod>(
  rpc: JSONRPCClient,
  method: M,
  params: ControlParams<M>,
  limitMs: number | undefined,
): Promise<ControlResult<M>> {
  const over = new AbortController();
  try {
    const answer: unknown = await Promise.race([
      rpc.request(method, params),
      ...(limitMs === undefined ? [] : [lateness(method, limitMs, over.signal)]),
    ]);
    return CONTROL_METHODS[method].result.parse(answer) as ControlResult<M>;
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

/** Rejects after a while, and is silent when the signal comes first. */
async function lateness(method: string, limitMs: number, signal: AbortSignal): Promise<never> {
  await delay(limitMs, undefined, { signal }).catch(() => new Promise(() => undefined));
  throw unavailable(method, `it did not answer within ${limitMs / 1000} s`);
}

function receive(chunk: Buffer, splitter: LineSplitter, rpc: JSONRPCClient, socket: Socket): void {
  try {
    for (const frame of splitter.push(chunk)) {
      if (frame.kind !== "line") throw new Error(frame.kind);
      rpc.receive(JSON.parse(frame.text) as JSONRPCResponse);
    }
  } catch {
    socket.destroy(); // What does not speak the protocol is no gateway; requests that wait are rejected.
  }
}
