/** The proxy of one session: everything that it may reach goes through here. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Socket } from "node:net";
import { systemCode } from "../../errors.ts";
import type { ConnectionLine } from "../log/egress-line.ts";
import type { Target } from "../rules/target.ts";
import { Exchange } from "./exchange.ts";
import { forward } from "./forward.ts";
import { watchHalfOpen } from "./half-open.ts";
import { PROXY_LIMITS, type ProxyLimits } from "./proxy-limits.ts";
import { denied, type Refusal, refuseOn } from "./refusal.ts";
import { BoundedResolver, type Resolve } from "./resolver.ts";
import { type Policy, type Route, route } from "./route.ts";
import { tunnel } from "./tunnel.ts";
import { writtenText } from "./written-text.ts";

export interface EgressProxyOptions {
  readonly policy: Policy;
  readonly resolve: Resolve;
  /** The host's own addresses, as of now. */
  readonly ownAddresses: () => ReadonlySet<string>;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Gets a line when a connection has ended, or was refused. */
  readonly log: (line: ConnectionLine) => void;
  /** Default `PROXY_LIMITS`. */
  readonly limits?: ProxyLimits | undefined;
}

/** How often Node looks for headers that are late. */
const CHECK_MS = 1_000;

/** One session's proxy. Its sockets come from the caller. */
export class EgressProxy {
  readonly #options: EgressProxyOptions;
  readonly #limits: ProxyLimits;
  readonly #resolver: BoundedResolver;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #open = new Set<Promise<void>>();
  #policy: Policy;

  constructor(options: EgressProxyOptions) {
    this.#options = options;
    this.#policy = options.policy;
    this.#limits = options.limits ?? PROXY_LIMITS;
    this.#resolver = new BoundedResolver(options.resolve, this.#limits);
    this.#server = createServer({
      connectionsCheckingInterval: Math.min(CHECK_MS, this.#limits.headersMs),
      headersTimeout: this.#limits.headersMs,
      // An upload may take as long as it moves.
      requestTimeout: 0,
      insecureHTTPParser: false,
      noDelay: true,
    });
    this.#server.maxConnections = this.#limits.connections;
    this.#server.timeout = this.#limits.idleMs;
    // A client may end its side after a request and still wait for the answer. The types do not know the property.
    (this.#server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
    this.#server.on("connection", (socket) => this.#keep(socket));
    this.#server.on("connect", (request, _socket, head) => this.#connect(request, request.socket, head));
    this.#server.on("request", (request, response) => this.#forward(request, response));
    this.#server.on("clientError", (error, socket) => {
      if (socket instanceof Socket) this.#refuseBroken(error, socket);
    });
    this.#server.on("drop", () => this.#exchange("").refused(this.#tooMany()));
  }

  /** Connections of the session that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** The allowlist for connections from now on. */
  set policy(policy: Policy) {
    this.#policy = policy;
  }

  /** Serves a socket that listens already; the proxy owns it from here on. @param handle as Node passes it. */
  async listen(handle: unknown): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(handle, resolve);
    });
  }

  /** Takes no more connections, cuts those that are open, and returns when each is in the log. */
  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    while (this.#open.size > 0) await Promise.all(this.#open);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // Without a listener, an error after a CONNECT would end the gateway.
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
    watchHalfOpen(socket, this.#limits.halfOpenMs);
  }

  #connect(request: IncomingMessage, client: Socket, head: Buffer): void {
    const exchange = this.#exchange(writtenText(request.url ?? ""));
    if (this.#isFull()) {
      exchange.refused(this.#tooMany());
      refuseOn(client, this.#tooMany(), undefined);
      return;
    }
    const options = { limits: this.#limits, route: this.#routeFor(client) };
    this.#attend(tunnel(request, client, head, exchange, options), client);
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const exchange = this.#exchange(writtenText(request.url ?? ""));
    if (this.#isFull()) {
      // More requests than connections: they were sent without waiting for answers.
      exchange.refused(this.#tooMany());
      request.socket.destroy();
      return;
    }
    const options = { limits: this.#limits, route: this.#routeFor(request.socket) };
    this.#attend(forward(request, response, exchange, options), request.socket);
  }

  /** An error that nobody expects costs its own connection only. */
  #attend(work: Promise<void>, client: Socket): void {
    const task = work.catch(() => void client.destroy()).finally(() => this.#open.delete(task));
    this.#open.add(task);
  }

  #routeFor(client: Socket): (target: Target) => Promise<Route | Refusal> {
    return async (target) => {
      const gone = new AbortController();
      const abandon = (): void => gone.abort();
      if (client.destroyed) abandon();
      client.once("close", abandon);
      const found = await route(target, {
        policy: this.#policy,
        resolver: this.#resolver,
        ownAddresses: this.#options.ownAddresses,
        limits: this.#limits,
        signal: gone.signal,
      });
      client.off("close", abandon);
      if (!("verdict" in found) && client.destroyed) found.socket.destroy();
      return found;
    };
  }

  #exchange(asked: string): Exchange {
    return new Exchange(this.#options, asked);
  }

  #isFull(): boolean {
    return this.#open.size >= this.#limits.connections;
  }

  #tooMany(): Refusal {
    return denied(
      "connections",
      `the session has ${this.#limits.connections} connections open, which is the limit`,
    );
  }

  #refuseBroken(error: Error, socket: Socket): void {
    const code = systemCode(error);
    if (code === "ECONNRESET" || code === "EPIPE" || socket.destroyed) {
      socket.destroy();
      return;
    }
    const refusal = brokenRequest(code);
    this.#exchange("").refused(refusal);
    // After the beginning of a response nothing can be said any more.
    if (socket.bytesWritten > 0) socket.destroy();
    else refuseOn(socket, refusal, undefined);
  }
}

function brokenRequest(code: string | undefined): Refusal {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return { ...denied("request", "its headers did not come in time"), status: 408 };
  }
  if (code === "HPE_HEADER_OVERFLOW")
    return { ...denied("request", "its headers are too long"), status: 431 };
  return { ...denied("request", `it is not valid HTTP/1.1 (${code ?? "unknown"})`), status: 400 };
}
