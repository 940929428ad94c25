/** The control socket of a program beside the daemon: serves the daemon, one message a line. */
import { once } from "node:events";
import { chmod } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import * as z from "zod";
import { AgentdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { ControlHandlersOf, ControlMethods, ControlProtocol } from "./control-protocol.ts";
import { type Frame, LineSplitter, toLine } from "./framing.ts";
import { RequestFault, toWireError } from "./protocol.ts";
import { prepareSocketPath } from "./socket-file.ts";

export interface ControlServerOptions<M extends ControlMethods> {
  readonly protocol: ControlProtocol<M>;
  readonly handlers: ControlHandlersOf<M>;
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

/** The server of one program. */
export class ControlServer<M extends ControlMethods> {
  readonly #options: ControlServerOptions<M>;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: ControlServerOptions<M>) {
    this.#options = options;
    this.#server = createServer((socket) => this.#serve(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Connections that are open. */
  get clients(): number {
    return this.#sockets.size;
  }

  /** Binds the socket, mode 0600. @throws AgentdError `socket_unusable`, also when another program listens there. */
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
    const splitter = new LineSplitter(this.#options.protocol.maxRequestBytes);
    let isGreeted = false;
    const answer = async (frame: Frame): Promise<void> => {
      const { id, method, params } = parse(frame);
      const reply = async (): Promise<object> => {
        if (!Object.hasOwn(this.#options.protocol.methods, method))
          throw new RequestFault("method_not_found", JSON.stringify(method));
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

  async #call(method: string, params: unknown): Promise<object> {
    const { protocol, handlers } = this.#options;
    const parsed = protocol.methods[method]?.params.safeParse(params);
    if (parsed?.success !== true)
      throw new RequestFault("invalid_params", parsed === undefined ? method : z.prettifyError(parsed.error));
    if (method === "hello") refuseOtherProtocol(protocol, parsed.data as { protocol: number });
    // The schema of this very method has accepted them.
    return (handlers[method] as (params: unknown) => Promise<object>)(parsed.data);
  }

  #wireError(method: string, error: unknown): object {
    if (!(error instanceof AgentdError || error instanceof RequestFault)) {
      this.#options.log.error({ error, method }, "a request failed");
    }
    return toWireError(error);
  }
}

function refuseOtherProtocol(
  { name, version }: Pick<ControlProtocol<ControlMethods>, "name" | "version">,
  { protocol }: { readonly protocol: number },
): void {
  if (protocol === version) return;
  throw new AgentdError("protocol_mismatch", {
    tried: "serve this daemon",
    why: `it speaks version ${protocol} of the ${name}'s protocol, and this ${name} version ${version}`,
  });
}

function parse(frame: Frame): z.infer<typeof request> {
  if (frame.kind !== "line") throw new RequestFault("parse_error", frame.kind);
  return request.parse(JSON.parse(frame.text));
}
