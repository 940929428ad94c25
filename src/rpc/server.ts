/**
 * The daemon's side of the socket: binds it, serves every connection, ends them all.
 */
import { once } from "node:events";
import { chmod } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import type { Handlers } from "../api/handlers.ts";
import { sentence } from "../errors.ts";
import type { Logger } from "../log.ts";
import { Connection, type Patience } from "./connection.ts";
import { createDispatcher, type Identity } from "./dispatcher.ts";
import { prepareSocketPath, unusable } from "./socket-file.ts";

/** Connections at once; the kernel refuses more. */
export const MAX_CONNECTIONS = 1024;

/** How long `close` lets a client take to read what was answered. */
const CLOSE_GRACE_MS = 500;

export interface RpcServerOptions {
  readonly identity: Identity;
  readonly handlers: Handlers;
  readonly log: Logger;
  /** The user who must own the socket's directory. */
  readonly uid: number;
  /** Default `PATIENCE`. */
  readonly patience?: Patience | undefined;
}

/** Serves the methods on one Unix socket. */
export class RpcServer {
  readonly #server: Server;
  readonly #uid: number;
  readonly #connections = new Set<Connection>();

  constructor({ identity, handlers, log, uid, patience }: RpcServerOptions) {
    const dispatch = createDispatcher(identity, handlers, log);
    this.#uid = uid;
    this.#server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
      const connection = new Connection(socket, dispatch, log, patience);
      this.#connections.add(connection);
      socket.once("close", () => this.#connections.delete(connection));
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /**
   * Binds the socket, mode 0600, in a directory that is ours alone. Only after the instance lock is held.
   *
   * @throws AgentdError `socket_unusable`.
   */
  async listen(path: string): Promise<void> {
    await prepareSocketPath(path, this.#uid);
    try {
      this.#server.listen(path);
      await once(this.#server, "listening");
      await chmod(path, 0o600);
    } catch (error) {
      throw unusable(path, sentence(error), undefined, error);
    }
  }

  /**
   * Takes no more connections, aborts what clients wait for, lets answers that are ready go out, and removes
   * the socket. Harmless when it never listened.
   */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    // Answers that are ready, such as the end of the last session, are sent in this turn.
    await setImmediate();
    for (const connection of this.#connections) connection.end();
    const impatience = setTimeout(() => {
      for (const connection of this.#connections) connection.destroy();
    }, CLOSE_GRACE_MS);
    await closed;
    clearTimeout(impatience);
  }
}
