import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import type { ProxyLimits } from "../../../src/gateway/proxy/proxy-limits.ts";
import type { AllowEntry } from "../../../src/gateway/rules/allow-entry.ts";
import { makeCertificate } from "../../kit/certificates.mjs";
import { helloWith, inRecords, messageOf, realHello } from "../../kit/client-hello.ts";
import {
  exchange,
  type Names,
  type ProxyUnderTest,
  RawConnection,
  startProxy,
  startTcp,
  startWorld,
  type WorldServer,
} from "./in-process-proxy.ts";

const opened: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function proxyWith(
  allow: readonly AllowEntry[],
  names: Names = {},
  limits: Partial<ProxyLimits> = {},
): Promise<ProxyUnderTest> {
  const proxy = await startProxy(allow, names, limits);
  opened.push(proxy);
  return proxy;
}

/** A server that answers each byte with itself. */
async function echo(): Promise<WorldServer> {
  const server = await startTcp((socket) => socket.pipe(socket));
  opened.push(server);
  return server;
}

async function connected(proxy: ProxyUnderTest, target: string): Promise<RawConnection> {
  const connection = await RawConnection.open(proxy.port);
  opened.push(connection);
  connection.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  expect(await connection.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 200 /);
  return connection;
}

const connecting = (proxy: ProxyUnderTest, target: string): Promise<string> =>
  exchange(proxy.port, `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);

describe("a tunnel through the proxy", () => {
  it("passes bytes in both directions, and its end", async () => {
    const world = await echo();
    const proxy = await proxyWith([`127.0.0.1:${world.port}`]);
    const connection = await connected(proxy, `127.0.0.1:${world.port}`);
    connection.write("hello");
    await connection.until(/hello$/);
    connection.socket.end("bye");
    expect(await connection.whole()).toMatch(/hellobye$/);
    expect(await proxy.line()).toMatchObject({
      host: "127.0.0.1",
      port: world.port,
      verdict: "allowed",
      rule: `127.0.0.1:${world.port}`,
      reason: null,
      address: "127.0.0.1",
      bytes_sent: 8,
      bytes_received: 8,
    });
    expect(proxy.resolved).toEqual([]);
  });

  it("takes bytes that a client sends with its CONNECT", async () => {
    const world = await echo();
    const proxy = await proxyWith([`127.0.0.1:${world.port}`]);
    const connection = await RawConnection.open(proxy.port);
    opened.push(connection);
    connection.write(`CONNECT 127.0.0.1:${world.port} HTTP/1.1\r\n\r\nearly`);
    expect(await connection.until(/early/)).toMatch(/ 200 .*\r\n\r\nearly$/s);
  });

  it("leaves one direction open when the other has ended", async () => {
    const world = await startTcp((socket) => {
      let received = "";
      socket.on("data", (chunk: Buffer) => (received += chunk.toString()));
      socket.once("end", () => socket.end(`got ${received}`));
    });
    opened.push(world);
    const proxy = await proxyWith([`127.0.0.1:${world.port}`]);
    const connection = await connected(proxy, `127.0.0.1:${world.port}`);
    connection.socket.end("everything");
    expect(await connection.whole()).toMatch(/got everything$/);
  });

  it("passes a reset on, either way", async () => {
    const closings: Promise<unknown>[] = [];
    const world = await startTcp((socket) => {
      closings.push(new Promise((resolve) => socket.once("close", resolve)));
      socket.on("data", (chunk) => {
        if (chunk.toString() === "reset") socket.resetAndDestroy();
      });
    });
    opened.push(world);
    const proxy = await proxyWith([`127.0.0.1:${world.port}`]);
    const first = await connected(proxy, `127.0.0.1:${world.port}`);
    first.write("reset");
    await first.whole();
    const second = await connected(proxy, `127.0.0.1:${world.port}`);
    second.socket.resetAndDestroy();
    await proxy.line();
    await proxy.line();
    await Promise.all(closings);
    expect(closings).toHaveLength(2);
  });

  it("goes at the pace of a client that does not read, with bounded memory", async () => {
    let sent = 0;
    const chunk = Buffer.alloc(64 * 1024);
    const world = await startTcp((socket) => {
      const pump = (): void => {
        while (sent < 256 * 1024 * 1024 && socket.write(chunk)) sent += chunk.length;
      };
      socket.on("drain", pump);
      pump();
    });
    opened.push(world);
    const proxy = await proxyWith([`127.0.0.1:${world.port}`]);
    const connection = await connected(proxy, `127.0.0.1:${world.port}`);
    connection.socket.pause();
    // Until nothing moves any more.
    for (let before = -1; before !== sent;) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it("is cut when no byte moves", async () => {
    const world = await echo();
    const proxy = await proxyWith([`127.0.0.1:${world.port}`], {}, { idleMs: 100 });
    const connection = await connected(proxy, `127.0.0.1:${world.port}`);
    await connection.whole();
    expect(await proxy.line()).toMatchObject({
      verdict: "allowed",
      reason: "cut after 0.1 s in which no byte moved",
    });
  });

  it("ends with its session, and is written down", async () => {
    const world = await echo();
    const proxy = await proxyWith([`127.0.0.1:${world.port}`]);
    const connection = await connected(proxy, `127.0.0.1:${world.port}`);
    connection.write("12345");
    await connection.until(/12345/);
    await proxy.close();
    await connection.whole();
    expect(proxy.lines).toEqual([expect.objectContaining({ verdict: "allowed", bytes_sent: 5 })]);
  });
});

describe("the order of checks of a CONNECT", () => {
  it.each([
    "127.0.0.1",
    "github.com",
    "github.com:x",
    "user@github.com:443",
    "github.com%00:443",
    "/",
    "http://x/:443",
  ])("1. refuses the target %s, which is no HOST:PORT", async (target) => {
    const proxy = await proxyWith(["*"]);
    expect(await connecting(proxy, target)).toMatch(/^HTTP\/1\.1 40[03] /);
    expect(await proxy.line()).toMatchObject({ verdict: "denied", port: null, address: null });
    expect(proxy.resolved).toEqual([]);
  });

  it.each([
    "0x7f.1:443",
    "2130706433:443",
    "[::ffff:127.0.0.1]:443",
    "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.1:443",
  ])("1. sees through the writing of %s", async (target) => {
    const proxy = await proxyWith(["*"]);
    expect(await connecting(proxy, target)).toMatch(/ 40[03] /);
    const line = await proxy.line();
    // A byte that is not ASCII may be refused by Node's parser already.
    if (line.rule !== "request") expect(line).toMatchObject({ host: "127.0.0.1", port: 443, rule: "allow" });
    expect(proxy.resolved).toEqual([]);
  });

  it("2. refuses what the allowlist does not name, before any name is resolved", async () => {
    const proxy = await proxyWith(["github.com"], { "evil.example": ["1.1.1.1"] });
    const answer = await connecting(proxy, "evil.example:443");
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(answer.split("\r\n\r\n")[1]).toBe(
      'agentd refused the connection to evil.example:443: no entry of "allow" opens this host and port. ' +
        'To allow it, add "evil.example:443" to "allow" of the profile "site-builder".\n',
    );
    expect(await proxy.line()).toMatchObject({ host: "evil.example", verdict: "denied", rule: "allow" });
    expect(await connecting(proxy, "github.com:25")).toMatch(/ 403 /);
    expect(await connecting(proxy, "8.8.8.8:443")).toMatch(/ 403 /);
    expect(proxy.resolved).toEqual([]);
  });

  it("3. refuses a name with a single bad address", async () => {
    const world = await echo();
    const proxy = await proxyWith([`*:${world.port}`], { "rebind.example": ["1.1.1.1", "127.0.0.1"] });
    const answer = await connecting(proxy, `rebind.example:${world.port}`);
    expect(answer).toMatch(/ 403 .*its address 127\.0\.0\.1 is a loopback address/s);
    expect(answer).toContain(`{ host = "rebind.example:${world.port}", private = true }`);
    expect(await proxy.line()).toMatchObject({ verdict: "denied", rule: "address", address: null });
    expect(world.connections()).toBe(0);
  });

  it("3. makes an exception for an entry that says so", async () => {
    const world = await echo();
    const entry = { host: `db.example:${world.port}`, private: true };
    const proxy = await proxyWith([entry], { "db.example": ["127.0.0.1"] });
    await connected(proxy, `db.example:${world.port}`);
    expect(world.connections()).toBe(1);
  });

  it("4. resolves once, and connects to the address that was checked", async () => {
    const world = await echo();
    const answers = [["127.0.0.1"], ["127.0.0.2"]];
    const proxy = await proxyWith([{ host: `flip.example:${world.port}`, private: true }], {
      "flip.example": async () => answers.shift() ?? [],
    });
    await connected(proxy, `flip.example:${world.port}`);
    expect(proxy.resolved).toEqual(["flip.example"]);
    await proxy.close();
    expect(await proxy.line()).toMatchObject({ address: "127.0.0.1" });
  });

  it("4. tries the next address when one does not answer", async () => {
    const world = await echo();
    // Nothing listens on the second loopback address.
    const proxy = await proxyWith([{ host: `two.example:${world.port}`, private: true }], {
      "two.example": ["127.0.0.2", "127.0.0.1"],
    });
    await connected(proxy, `two.example:${world.port}`);
    await proxy.close();
    expect(await proxy.line()).toMatchObject({ address: "127.0.0.1", verdict: "allowed" });
  });

  it("4. says why no connection came about", async () => {
    const world = await echo();
    world.close();
    const proxy = await proxyWith([`127.0.0.1:${world.port}`, `*:${world.port}`]);
    expect(await connecting(proxy, `127.0.0.1:${world.port}`)).toMatch(/ 502 .*ECONNREFUSED/s);
    expect(await proxy.line()).toMatchObject({ verdict: "failed", rule: "connect" });
    expect(await connecting(proxy, `gone.example:${world.port}`)).toMatch(/ 502 .*no address \(ENOTFOUND\)/s);
    expect(await proxy.line()).toMatchObject({ verdict: "failed", rule: "resolve" });
  });

  it("6. gives up on a resolver that does not answer", async () => {
    const forever = async (): Promise<readonly string[]> => new Promise(() => undefined);
    const proxy = await proxyWith(["*"], { "slow.example": forever }, { resolveMs: 50 });
    expect(await connecting(proxy, "slow.example:443")).toMatch(/ 504 /);
    expect(await proxy.line()).toMatchObject({ verdict: "failed", rule: "resolve" });
  });

  it("ends at once with its session while a resolver does not answer", async () => {
    const forever = async (): Promise<readonly string[]> => new Promise(() => undefined);
    const proxy = await proxyWith(["*"], { "slow.example": forever }, { resolveMs: 3_600_000 });
    const waiting = connecting(proxy, "slow.example:443");
    while (proxy.resolved.length === 0) await new Promise(setImmediate);
    await proxy.close();
    await waiting;
    expect(proxy.lines).toHaveLength(1);
  });

  it("refuses CONNECT to port 80, which takes whole URLs", async () => {
    const proxy = await proxyWith(["github.com"]);
    expect(await connecting(proxy, "github.com:80")).toMatch(/ 403 .*whole URL/s);
    expect(await proxy.line()).toMatchObject({ verdict: "denied", rule: "form" });
  });
});

describe("5. TLS on the port of https", () => {
  /** A proxy for which the port of a server is the one of https. */
  async function onHttps(
    limits: Partial<ProxyLimits> = {},
  ): Promise<{ proxy: ProxyUnderTest; target: string }> {
    const world = await echo();
    const target = `db.example:${world.port}`;
    const names = { "db.example": ["127.0.0.1"] };
    const allow = [{ host: target, private: true }, `127.0.0.1:${world.port}`];
    return { proxy: await proxyWith(allow, names, { httpsPort: world.port, ...limits }), target };
  }

  async function refusedAfter(bytes: Buffer | string): Promise<string | null> {
    const { proxy, target } = await onHttps();
    const connection = await connected(proxy, target);
    connection.write(bytes);
    const answer = await connection.whole();
    expect(answer.split("\r\n\r\n")[1]).toBe("");
    const line = await proxy.line();
    expect(line).toMatchObject({ verdict: "denied", rule: "server_name", bytes_sent: 0 });
    return line.reason;
  }

  it("passes a ClientHello that names the host, whole, in pieces and in many records", async () => {
    const hello = await realHello("db.example");
    for (const [bytes, step] of [
      [hello, hello.length],
      [hello, 1],
      // The proxy takes 64 records. A client with a key that resists quantum computers sends 1,500 bytes.
      [inRecords(messageOf(hello), Math.ceil(hello.length / 50)), 7],
    ] as const) {
      const { proxy, target } = await onHttps();
      const connection = await connected(proxy, target);
      for (let at = 0; at < bytes.length; at += step) {
        connection.write(bytes.subarray(at, at + step));
        await new Promise(setImmediate);
      }
      connection.socket.end("after");
      const answer = await connection.whole();
      expect(answer.split("\r\n\r\n").slice(1).join("\r\n\r\n")).toBe(`${bytes.toString("latin1")}after`);
    }
  });

  it("passes a real connection of https", async () => {
    const directory = await mkdtemp(join(tmpdir(), "agentd-tls-"));
    const { certificate } = await makeCertificate(directory);
    await rm(directory, { recursive: true });
    const world = await startWorld((_request, response) => response.end("secret"), certificate);
    opened.push(world);
    const target = `db.example:${world.port}`;
    const names = { "db.example": ["127.0.0.1"] };
    const proxy = await proxyWith([{ host: target, private: true }], names, { httpsPort: world.port });
    const { socket } = await connected(proxy, target);
    socket.removeAllListeners("data");
    const secure = connect({ socket, servername: "db.example", rejectUnauthorized: false });
    secure.write("GET / HTTP/1.1\r\nHost: db.example\r\nConnection: close\r\n\r\n");
    let answer = "";
    for await (const chunk of secure) answer += String(chunk);
    secure.destroy(); // From Node.js 22 on it stays open at its own end, as the socket below does.
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n.*secret$/s);
    expect(await proxy.line()).toMatchObject({
      host: "db.example",
      verdict: "allowed",
      address: "127.0.0.1",
    });
  });

  it("refuses another name", async () => {
    expect(await refusedAfter(await realHello("evil.example"))).toMatch(
      /names the server evil\.example, not db\.example/,
    );
  });

  it("refuses no name", async () => {
    expect(await refusedAfter(await realHello(undefined))).toMatch(/names no server/);
    expect(await refusedAfter(helloWith([]))).toMatch(/names no server/);
  });

  it("refuses plain text", async () => {
    expect(await refusedAfter("GET / HTTP/1.1\r\nHost: db.example\r\n\r\n")).toMatch(/does not speak TLS/);
  });

  it("refuses a client that ends in its hello, and one that never sends it", async () => {
    const patient = await onHttps();
    const first = await connected(patient.proxy, patient.target);
    first.socket.end((await realHello("db.example")).subarray(0, 20));
    expect(await patient.proxy.line()).toMatchObject({
      rule: "server_name",
      reason: expect.stringContaining("ended before"),
    });
    const { proxy, target } = await onHttps({ headersMs: 100 });
    await connected(proxy, target);
    expect(await proxy.line()).toMatchObject({
      rule: "server_name",
      reason: expect.stringContaining("in time"),
    });
  });

  it("needs no name where an entry names the address", async () => {
    const { proxy, target } = await onHttps();
    const connection = await connected(proxy, target.replace("db.example", "127.0.0.1"));
    connection.write("anything");
    await connection.until(/anything/);
  });
});
