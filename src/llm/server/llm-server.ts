/** The language models of one session, on a socket that only its container reaches. */
import type { ServerResponse } from "node:http";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Verdict } from "../budget/verdict.ts";
import { Refusal, refusalAnswer } from "../dialects/refusal.ts";
import type { LlmNumbers } from "./access.ts";
import type { LlmSession } from "./llm-session.ts";
import { serveRequest } from "./serve-request.ts";

/** How often Node looks for headers that are late. */
const CHECK_MS = 1_000;
/** How long a refused client may take to read why. */
const LAST_MS = 5_000;

export interface LlmServerParts {
  readonly session: LlmSession;
  /** Makes `session.closing` abort. */
  readonly closing: AbortController;
}

/** One session's server. Its socket comes from the caller. */
export class LlmServer {
  readonly #session: LlmSession;
  readonly #closing: AbortController;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Sockets with a request that is not answered yet. */
  readonly #busy = new WeakSet<object>();
  readonly #open = new Set<Promise<void>>();

  constructor({ session, closing }: LlmServerParts) {
    const { patience } = session;
    this.#session = session;
    this.#closing = closing;
    this.#server = createServer({
      connectionsCheckingInterval: Math.min(CHECK_MS, patience.headersMs),
      headersTimeout: patience.headersMs,
      requestTimeout: patience.requestMs,
      keepAliveTimeout: patience.keepAliveMs,
      insecureHTTPParser: false,
      noDelay: true,
    });
    this.#server.maxConnections = patience.connections;
    // Silence is what thinking sounds like: only the provider's is bounded.
    this.#server.timeout = 0;
    this.#server.on("connection", (socket) => this.#keep(socket));
    const serve = (request: IncomingMessage, response: ServerResponse): void =>
      this.#serve(request, response);
    this.#server.on("request", serve);
    // Both have an Expect header, which is refused like anything else that two programs may read in two ways.
    this.#server.on("checkContinue", serve);
    this.#server.on("checkExpectation", serve);
    this.#server.on("upgrade", (_request, socket) => this.#refuseOn(socket, upgrade()));
    this.#server.on("clientError", (_error, socket) => this.#refuseOn(socket, broken()));
  }

  /** Serves a socket that listens already; the server owns it from here on. @param handle as Node passes it. */
  async listen(handle: unknown): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(handle, resolve);
    });
  }

  get numbers(): LlmNumbers {
    return this.#session.books.numbers;
  }

  /** Connections of the session that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Resolves when the session has to end, or was closed. */
  async verdict(): Promise<Verdict> {
    return await this.#session.verdict.reached();
  }

  /** Why the session's command may have failed by itself; without a kind where its language models are no reason. */
  verdictOfFailure(): Verdict {
    const { verdict, refusals } = this.#session;
    if (verdict.decided !== undefined) return verdict.decided;
    const { cause } = refusals;
    return cause === undefined ? { kind: null, cause: null } : { kind: "llm_refused", cause };
  }

  /** A new key, from the next request on. @returns whether the session has this provider, at this address. */
  updateKey(name: string, baseUrl: string, key: string): boolean {
    const provider = this.#session.access.providers.find(
      (each) => each.name === name && each.baseUrl === baseUrl,
    );
    if (provider !== undefined) provider.key = key;
    return provider !== undefined;
  }

  /** Takes no more requests, cuts those that run, charges them, and returns when the ledger has it all. */
  async close(): Promise<void> {
    this.#server.close();
    this.#closing.abort(new Error("the session is closed"));
    for (const socket of this.#sockets) socket.resetAndDestroy();
    while (this.#open.size > 0) await Promise.all(this.#open);
    this.#session.verdict.close();
    await this.#session.books.close();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    if (this.#busy.has(socket)) {
      // A second request before the answer to the first: nobody who has nothing to hide does that.
      socket.destroy();
      return;
    }
    this.#busy.add(socket);
    response.once("close", () => this.#busy.delete(socket));
    response.on("error", () => undefined);
    const task = serveRequest(request, response, this.#session)
      // An error that nobody expects costs its own connection only.
      .catch(() => void socket.destroy())
      .finally(() => this.#open.delete(task));
    this.#open.add(task);
  }

  #refuseOn(socket: Duplex, refusal: Refusal): void {
    const dialect = this.#session.access.providers[0]?.dialect ?? "openai";
    const { status, headers, body } = refusalAnswer(dialect, refusal);
    // After the beginning of a response nothing can be said any more.
    if (!(socket instanceof Socket) || socket.destroyed || this.#busy.has(socket)) {
      socket.destroy();
      return;
    }
    const all = { ...headers, connection: "close", "content-length": String(body.length) };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.on("error", () => undefined);
    socket.setTimeout(LAST_MS, () => socket.destroy());
    socket.resume();
    socket.end(`HTTP/1.1 ${status} ${refusal.kind}\r\n${lines.join("")}\r\n${body.toString()}`);
  }
}

function upgrade(): Refusal {
  return new Refusal("upgrade", "This server speaks HTTP/1.1 and upgrades to nothing. Use requests.");
}

function broken(): Refusal {
  return new Refusal("bad_request", "This is not a valid HTTP/1.1 request.");
}
