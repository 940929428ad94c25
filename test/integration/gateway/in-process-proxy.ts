/** An egress proxy on loopback, in the test's own process, with a resolver of the test's own. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import type { ConnectionLine } from "../../../src/gateway/log/egress-line.ts";
import { EgressProxy } from "../../../src/gateway/proxy/egress-proxy.ts";
import { PROXY_LIMITS, type ProxyLimits } from "../../../src/gateway/proxy/proxy-limits.ts";
import { type AllowEntry, allowRules } from "../../../src/gateway/rules/allow-entry.ts";

export interface ProxyUnderTest {
  readonly port: number;
  readonly lines: ConnectionLine[];
  /** Names that were resolved, in order. */
  readonly resolved: string[];
  readonly proxy: EgressProxy;
  /** The next line of the log. */
  readonly line: () => Promise<ConnectionLine>;
  readonly close: () => Promise<void>;
}

export type Names = Readonly<Record<string, readonly string[] | (() => Promise<readonly string[]>)>>;

/** Starts one. @param names what names resolve to; any other has no address. */
export async function startProxy(
  allow: readonly AllowEntry[],
  names: Names = {},
  limits: Partial<ProxyLimits> = {},
): Promise<ProxyUnderTest> {
  const lines: ConnectionLine[] = [];
  const resolved: string[] = [];
  let taken = 0;
  let wake: (() => void) | undefined;
  const proxy = new EgressProxy({
    policy: { profile: "site-builder", rules: allowRules(allow) },
    resolve: async (host) => {
      resolved.push(host);
      const found = names[host];
      if (found === undefined) throw Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
      return typeof found === "function" ? found() : found;
    },
    ownAddresses: () => new Set(["198.41.0.7"]),
    now: Date.now,
    log: (line) => {
      lines.push(line);
      wake?.();
    },
    limits: { ...PROXY_LIMITS, ...limits },
  });
  // As in production: a bare handle that listens already.
  const holder = createTcpServer();
  const port = await listening(holder);
  await proxy.listen((holder as unknown as { _handle: unknown })._handle);
  return {
    port,
    lines,
    resolved,
    proxy,
    line: async () => {
      while (lines.length <= taken) await new Promise<void>((resolve) => (wake = resolve));
      return lines[taken++]!;
    },
    close: async () => proxy.close(),
  };
}

/** Listens on a free port of loopback. */
export async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A server of the world, and what reached it. */
export interface WorldServer {
  readonly port: number;
  readonly connections: () => number;
  readonly close: () => void;
}

/** A server of plain http, or of https with a certificate. */
export async function startWorld(
  listener: RequestListener,
  certificate?: { readonly key: string; readonly cert: string },
): Promise<WorldServer> {
  const server =
    certificate === undefined ? createServer(listener) : createHttpsServer(certificate, listener);
  let connections = 0;
  server.on("connection", () => (connections += 1));
  const port = await listening(server);
  return {
    port,
    connections: () => connections,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A server of bytes. */
export async function startTcp(serve: (socket: Socket) => void): Promise<WorldServer> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => undefined);
    serve(socket);
  });
  const port = await listening(server);
  return {
    port,
    connections: () => connections,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A client that writes bytes of its own choice. */
export class RawConnection {
  readonly socket: Socket;
  #text = "";
  #wake: (() => void) | undefined;
  isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString("latin1");
      this.#wake?.();
    });
    socket.on("close", () => {
      this.isClosed = true;
      this.#wake?.();
    });
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    await once(socket, "connect");
    return new RawConnection(socket);
  }

  write(data: string | Buffer): void {
    this.socket.write(typeof data === "string" ? Buffer.from(data, "latin1") : data);
  }

  /** Everything that came, once it matches, or once the other side has closed. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#text) && !this.isClosed && !this.socket.readableEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.socket.once("end", resolve);
      });
    }
    return this.#text;
  }

  /** Everything that came until the other side closed. */
  async whole(): Promise<string> {
    return this.until(/(?!)/);
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Sends bytes to the proxy and returns its whole answer. */
export async function exchange(port: number, data: string | Buffer): Promise<string> {
  const connection = await RawConnection.open(port);
  connection.write(data);
  const answer = await connection.whole();
  connection.close();
  return answer;
}

/** The body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}
