/** A port that answers HTTP, patient with slow clients only for so long. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createAdaptorServer } from "@hono/node-server";
import type { Hono } from "hono";
import type { ListenAddress } from "../../config/web-schema.ts";
import { AgentdError, sentence } from "../../errors.ts";
import { hostAndPort } from "../guard/hosts.ts";

/** Connections at once; the kernel refuses more. */
export const MAX_CONNECTIONS = 4096;

/** How patient a listener is, in milliseconds; then it cuts the client off. */
export interface WebPatience {
  /** Until the headers of a request are complete, from the connection's beginning. */
  readonly headersMs: number;
  /** Until the whole request is there. */
  readonly requestMs: number;
  /** Between two requests. */
  readonly idleMs: number;
}

export const WEB_PATIENCE: WebPatience = { headersMs: 10_000, requestMs: 30_000, idleMs: 5_000 };

/** The certificate and its key, in PEM. */
export interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface ListenerOptions {
  readonly app: Hono;
  readonly tls: TlsPair | undefined;
  readonly patience: WebPatience;
}

/** One HTTP server, on a port or on a Unix socket. */
export class Listener {
  readonly #server: Server;

  constructor({ app, tls, patience }: ListenerOptions) {
    const serverOptions = {
      headersTimeout: patience.headersMs,
      requestTimeout: patience.requestMs,
      keepAliveTimeout: patience.idleMs,
      // How exactly the times above are kept.
      connectionsCheckingInterval: Math.min(1_000, patience.headersMs),
      ...tls,
    };
    this.#server = createAdaptorServer({
      fetch: app.fetch,
      ...(tls === undefined ? { createServer } : { createServer: createTlsServer }),
      serverOptions,
    }) as Server;
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /** Where it listens; the port is known where the address has 0. */
  get address(): ListenAddress {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("it listens on no port");
    return { host: address.address, port: address.port };
  }

  /** @throws AgentdError `web_unusable`. */
  async listen(address: ListenAddress): Promise<void> {
    try {
      this.#server.listen(address.port, address.host);
      await once(this.#server, "listening");
    } catch (error) {
      throw new AgentdError("web_unusable", {
        tried: `listen on ${hostAndPort(address)}`,
        why: sentence(error),
        next: "Choose another address with web.listen or web.metrics_listen, or end the program that uses it.",
        cause: error,
      });
    }
  }

  /** On a path that is ready to bind. */
  async listenOnSocket(path: string): Promise<void> {
    this.#server.listen(path);
    await once(this.#server, "listening");
  }

  /** Takes no more connections, and ends those that there are. Harmless when it never listened. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
