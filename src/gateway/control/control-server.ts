/** The gateway's control socket: serves the daemon, one message a line. */
import { once } from "node:events";
import { chmod } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import * as z from "zod";
import { AgentdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { type Frame, LineSplitter, toLine } from "../../rpc/framing.ts";
import { RequestFault, toWireError } from "../../rpc/protocol.ts";
import { prepareSocketPath } from "../../rpc/socket-file.ts";
import {
  CONTROL_METHODS,
  type ControlHandlers,
  type ControlMethod,
  GATEWAY_PROTOCOL,
  MAX_CONTROL_BYTES,
} from "./control-protocol.ts";

export interface ControlServerOptions {
  readonly handlers: ControlHandlers;
  readonly log: Logger;
  /** The user who must own the socket's directory. */
  readonly uid: number;
}

const request = z.object({
  id: z.union([z.string(), z.number()]),
  method: z.string(),
  params: z.unknown(),
});

/** More connections than daemons have. */
const MAX_CONNECTIONS = 64;
/** How long a daemon may take to close after the last answer. */
const CLOSE_GRACE_MS = 500;

/** The server of one gateway. */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#serve(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Connections that are open. */
  get clients(): number {
    return this.#sockets.size;
  }

  /** Binds the socket, mode 0600. @throws AgentdError `socket_unusable`, also when another gateway listens there. */
  async listen(path: string): Promise<void> {
    await prepareSocketPath(path, this.#options.uid);
    this.#server.listen(path);
    await once(this.#server, "listening");
    await chmod(path, 0o600);
  }

  /** Takes no more requests and removes the socket. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) {
      socket.end();
      // A daemon that hangs does not keep the gateway.
      setTimeout(() => socket.destroy(), CLOSE_GRACE_MS).unref();
    }
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    const splitter = new LineSplitter(MAX_CONTROL_BYTES);
    let isGreeted = false;
    const answer = async (frame: Frame): Promise<void> => {
      const { id, method, params } = parse(frame);
      const reply = async (): Promise<object> => {
        if (!isMethod(method)) throw new RequestFault("method_not_found", JSON.stringify(method));
        if (!isGreeted && method !== "hello") throw new RequestFault("invalid_request", "hello comes first");
        const result = await this.#call(method, params);
        isGreeted = true;
        return { result };
      };
      const outcome = await reply().catch((error: unknown) => ({ error: this.#wireError(method, error) }));
      socket.write(toLine({ jsonrpc: "2.0", id, ...outcome }));
    };
    socket.on("data", (chunk: Buffer) => {
      // What is no request cannot be answered.
      for (const frame of splitter.push(chunk)) answer(frame).catch(() => void socket.destroy());
    });
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  async #call(method: ControlMethod, params: unknown): Promise<object> {
    const parsed = CONTROL_METHODS[method].params.safeParse(params);
    if (!parsed.success) throw new RequestFault("invalid_params", z.prettifyError(parsed.error));
    if (method === "hello") refuseOtherProtocol(parsed.data as { protocol: number });
    // The schema of this very method has accepted them.
    return (this.#options.handlers[method] as (params: unknown) => Promise<object>)(parsed.data);
  }

  #wireError(method: string, error: unknown): object {
    if (!(error instanceof AgentdError || error instanceof RequestFault)) {
      this.#options.log.error({ error, method }, "a request failed");
    }
    return toWireError(error);
  }
}

function refuseOtherProtocol({ protocol }: { readonly protocol: number }): void {
  if (protocol === GATEWAY_PROTOCOL) return;
  throw new AgentdError("protocol_mismatch", {
    tried: "serve this daemon",
    why: `it speaks version ${protocol} of the gateway's protocol, and this gateway version ${GATEWAY_PROTOCOL}`,
  });
}

function parse(frame: Frame): z.infer<typeof request> {
  if (frame.kind !== "line") throw new RequestFault("parse_error", frame.kind);
  return request.parse(JSON.parse(frame.text));
}

function isMethod(method: string): method is ControlMethod {
  return Object.hasOwn(CONTROL_METHODS, method);
}
