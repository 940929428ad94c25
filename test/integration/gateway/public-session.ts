/**
 * A program: `node public-session.cjs LOG ALLOW NAME...`, as root of a network of its own. The names have a public address
 * there, with servers of plain http and of TLS on ports 80 and 443. A proxy with ALLOW (JSON) serves a session that asks for
 * each name over both; prints the statuses as JSON, and leaves what the session reached in LOG.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { execa } from "execa";
import { EgressLog } from "../../../src/gateway/log/egress-log.ts";
import { EgressProxy } from "../../../src/gateway/proxy/egress-proxy.ts";
import { type AllowEntry, allowRules } from "../../../src/gateway/rules/allow-entry.ts";

/** A global address that no packet leaves for: the network has loopback alone. */
const ADDRESS = "8.8.4.4";

async function main(): Promise<void> {
  const [logPath = "", allow = "", ...names] = process.argv.slice(2);
  await execa("busybox", ["ip", "addr", "add", `${ADDRESS}/32`, "dev", "lo"]);
  const plain = createServer((_request, response) => response.end("the world"));
  // The bytes of a hello are enough: whose it is, the proxy has checked.
  const secure = createTcpServer((socket) => {
    // The client breaks off where no TLS comes back.
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end());
  });
  await listen(plain, 80);
  await listen(secure, 443);
  const log = await EgressLog.open({ path: logPath, now: Date.now });
  const proxy = new EgressProxy({
    policy: { profile: "site-builder", rules: allowRules(JSON.parse(allow) as AllowEntry[]) },
    resolve: async (host) => (names.includes(host) ? [ADDRESS] : Promise.reject(new Error("ENOTFOUND"))),
    ownAddresses: () => new Set(),
    now: Date.now,
    log: (line) => log.add(line),
  });
  const holder = createTcpServer();
  await listen(holder, 8791);
  await proxy.listen((holder as unknown as { _handle: unknown })._handle);
  const statuses: Record<string, (string | undefined)[]> = {};
  for (const name of names) statuses[name] = [await getPage(name), await greet(name)];
  await proxy.close();
  await log.close();
  process.stdout.write(JSON.stringify(statuses), () => process.exit());
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port);
  await once(server, "listening");
}

async function getPage(name: string): Promise<string | undefined> {
  const socket = connect(8791, "127.0.0.1");
  socket.write(`GET http://${name}/ HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`);
  return (await text(socket)).split(" ")[1];
}

async function greet(name: string): Promise<string | undefined> {
  const socket = connect(8791, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(`CONNECT ${name}:443 HTTP/1.1\r\n\r\n`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  const status = answer.toString().split(" ")[1];
  if (status === "200") {
    const tls = connectTls({ socket, servername: name });
    tls.on("error", () => undefined);
    await new Promise((resolve) => tls.once("close", resolve));
  }
  socket.destroy();
  return status;
}

void main();
