import { afterEach, describe, expect, it } from "vitest";
import type { ProxyLimits } from "../../../src/gateway/proxy/proxy-limits.ts";
import type { AllowEntry } from "../../../src/gateway/rules/allow-entry.ts";
import { until } from "../../kit/until.mjs";
import {
  bodyOf,
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

/** A server that tells what it got: the request line, its headers, a blank line and its body. */
async function mirror(): Promise<WorldServer> {
  const world = await startWorld((request, response) => {
    void bodyOf(request).then((body) => {
      const headers = [];
      for (let at = 0; at < request.rawHeaders.length; at += 2) {
        headers.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
      }
      response.setHeader("X-World", "yes");
      response.setHeader("Keep-Alive", "timeout=77");
      response.end([`${request.method} ${request.url}`, ...headers, "", body].join("\n"));
    });
  });
  opened.push(world);
  return world;
}

const raw = (lines: readonly string[], body = ""): string => `${lines.join("\r\n")}\r\n\r\n${body}`;

async function through(proxy: ProxyUnderTest, lines: readonly string[], body = ""): Promise<string> {
  return exchange(proxy.port, raw([...lines, "Connection: close"], body));
}

describe("plain http through the proxy", () => {
  it("reaches the server that the URL names, whatever Host says", async () => {
    const world = await mirror();
    const proxy = await proxyWith([`127.0.0.1:${world.port}`]);
    const answer = await through(proxy, [
      `GET http://127.0.0.1:${world.port}/a%20b?q=1 HTTP/1.1`,
      "Host: evil.example",
      "X-Own: 1",
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n.*X-World: yes/s);
    expect(answer).toContain(`GET /a%20b?q=1\nHost: 127.0.0.1:${world.port}\nX-Own: 1\n`);
    expect(answer).not.toContain("evil.example");
    expect(await proxy.line()).toMatchObject({ verdict: "allowed", address: "127.0.0.1", port: world.port });
  });

  it("keeps headers between each side and the proxy to itself", async () => {
    const world = await mirror();
    const proxy = await proxyWith([`127.0.0.1:${world.port}`]);
    const answer = await exchange(
      proxy.port,
      raw([
        `GET http://127.0.0.1:${world.port} HTTP/1.1`,
        "Host: x",
        "Connection: X-Secret, close",
        "X-Secret: 1",
        "Proxy-Connection: keep-alive",
        "Proxy-Authorization: Basic abc",
        "TE: trailers",
        "Keep-Alive: 5",
      ]),
    );
    expect(answer).toContain(`GET /\nHost: 127.0.0.1:${world.port}\nConnection: close\n\n`);
    expect(answer).not.toContain("timeout=77");
  });

  it("passes a body with a length, and one in chunks", async () => {
    const world = await mirror();
    const proxy = await proxyWith([`127.0.0.1:${world.port}`]);
    const start = [`POST http://127.0.0.1:${world.port}/ HTTP/1.1`, "Host: x"];
    expect(await through(proxy, [...start, "Content-Length: 5"], "hello")).toMatch(
      /Content-Length: 5\n.*\n\nhello$/s,
    );
    const chunked = await through(
      proxy,
      [...start, "Transfer-Encoding: chunked"],
      "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    );
    expect(chunked).toMatch(/Transfer-Encoding: chunked\n.*\n\nhello$/s);
    expect(await through(proxy, start)).toMatch(/Content-Length: 0\n/);
  });

  it("serves several requests on one connection, each to its own host", async () => {
    const [one, other] = [await mirror(), await mirror()];
    const proxy = await proxyWith([`127.0.0.1:${one.port}`, `127.0.0.1:${other.port}`]);
    const connection = await RawConnection.open(proxy.port);
    opened.push(connection);
    for (const { port } of [one, other])
      connection.write(raw([`GET http://127.0.0.1:${port}/ HTTP/1.1`, "Host: x"]));
    await connection.until(new RegExp(`Host: 127.0.0.1:${other.port}`));
    expect([one.connections(), other.connections()]).toEqual([1, 1]);
    expect([(await proxy.line()).port, (await proxy.line()).port].sort()).toEqual(
      [one.port, other.port].sort(),
    );
  });

  it("answers a client that closes its side after the request", async () => {
    const world = await mirror();
    const proxy = await proxyWith([`127.0.0.1:${world.port}`]);
    for (const port of [world.port, 1]) {
      const connection = await RawConnection.open(proxy.port);
      opened.push(connection);
      connection.socket.end(raw([`GET http://127.0.0.1:${port}/ HTTP/1.1`, "Host: x"]));
      // To the end: the proxy closes too, and keeps nothing open for a client that asks no more.
      expect(await connection.whole()).toMatch(port === 1 ? / 403 / : / 200 .*GET \/\nHost/s);
    }
    expect([(await proxy.line()).verdict, (await proxy.line()).verdict]).toEqual(["allowed", "denied"]);
    await until("no connection", () => proxy.proxy.connections === 0);
  });

  it("cuts an answer that the server cut, so that nobody takes it for whole", async () => {
    const world = await startTcp((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf", () => socket.resetAndDestroy());
      });
    });
    opened.push(world);
    const proxy = await proxyWith([`127.0.0.1:${world.port}`]);
    const answer = await exchange(
      proxy.port,
      raw([`GET http://127.0.0.1:${world.port}/ HTTP/1.1`, "Host: x"]),
    );
    expect(answer).not.toContain("half".repeat(2));
    expect(await proxy.line()).toMatchObject({
      verdict: expect.stringMatching(/allowed|failed/),
      reason: expect.any(String),
    });
  });

  it.each([
    ["nothing", ""],
    ["what is no HTTP", "SSH-2.0-OpenSSH\r\n"],
    [
      "two lengths in one answer",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    [
      "407",
      "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
    ],
    ["101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"],
  ])("answers 502 for a server that answers with %s", async (_what, text) => {
    const world = await startTcp((socket) => socket.once("data", () => socket.end(text)));
    opened.push(world);
    const proxy = await proxyWith([`127.0.0.1:${world.port}`]);
    const answer = await through(proxy, [`GET http://127.0.0.1:${world.port}/ HTTP/1.1`, "Host: x"]);
    expect(answer).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    expect(await proxy.line()).toMatchObject({ verdict: "failed", rule: "response" });
  });

  it.each([
    ["origin form", "GET / HTTP/1.1", "form"],
    ["a URL of https", "GET https://github.com/ HTTP/1.1", "form"],
    ["a URL of ftp", "GET ftp://github.com/ HTTP/1.1", "form"],
    ["port 443", "GET http://github.com:443/ HTTP/1.1", "form"],
    ["TRACE", "TRACE http://github.com/ HTTP/1.1", "form"],
    ["a user in the URL", "GET http://github.com@evil.example/ HTTP/1.1", "target"],
    ["a host that is not allowed", "GET http://evil.example/ HTTP/1.1", "allow"],
    ["a port that is not allowed", "GET http://github.com:81/ HTTP/1.1", "allow"],
    ["an address that nobody named", "GET http://169.254.169.254/latest/ HTTP/1.1", "allow"],
  ])("refuses %s, without asking for an address", async (_what, line, rule) => {
    const proxy = await proxyWith(["github.com"], { "evil.example": ["1.1.1.1"] });
    expect(await through(proxy, [line, "Host: github.com"])).toMatch(
      /^HTTP\/1\.1 403 Forbidden\r\n.*\r\n\r\nagentd refused .*\.\n$/s,
    );
    expect(await proxy.line()).toMatchObject({ verdict: "denied", rule });
    expect(proxy.resolved).toEqual([]);
  });

  it.each(["websocket", "h2c"])("refuses an upgrade to %s", async (protocol) => {
    const world = await mirror();
    const proxy = await proxyWith([`127.0.0.1:${world.port}`]);
    const answer = await exchange(
      proxy.port,
      raw([
        `GET http://127.0.0.1:${world.port}/ HTTP/1.1`,
        "Host: x",
        "Connection: Upgrade",
        `Upgrade: ${protocol}`,
      ]),
    );
    expect(answer).toMatch(/ 403 .*upgrade/s);
    expect(world.connections()).toBe(0);
  });

  it.each([
    ["a length and chunks", ["Content-Length: 5", "Transfer-Encoding: chunked"], "0\r\n\r\nGET"],
    ["chunks and a length", ["Transfer-Encoding: chunked", "Content-Length: 5"], "0\r\n\r\nGET"],
    ["two lengths", ["Content-Length: 5", "Content-Length: 6"], "hello!"],
    ["a length with a sign", ["Content-Length: +5"], "hello"],
    ["chunks that are not last", ["Transfer-Encoding: chunked, identity"], "0\r\n\r\n"],
    ["chunks in another word", ["Transfer-Encoding: xchunked"], "0\r\n\r\n"],
    ["a header without a colon", ["Content-Length 5"], "hello"],
    ["a space before the colon", ["Content-Length : 5"], "hello"],
    ["NUL in a header", ["X: a\0b"], ""],
  ])("lets no second request through with %s", async (_what, headers, body) => {
    const world = await mirror();
    const proxy = await proxyWith([`127.0.0.1:${world.port}`]);
    const start = [`POST http://127.0.0.1:${world.port}/ HTTP/1.1`, "Host: x"];
    const answer = await through(proxy, [...start, ...headers], body);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(await proxy.line()).toMatchObject({ verdict: "denied", rule: "request" });
    expect(world.connections()).toBeLessThanOrEqual(1);
  });

  it.each([
    [
      "a folded header",
      raw(["GET http://HOST/ HTTP/1.1", "Host: x", "X-A: 1", " X-B: 2", "Connection: close"]),
    ],
    ["bare line feeds", "GET http://HOST/ HTTP/1.1\nHost: x\nX-A: 1\nConnection: close\n\n"],
  ])("sends %s on in a form of its own, if at all", async (_what, text) => {
    const world = await mirror();
    const proxy = await proxyWith([`127.0.0.1:${world.port}`]);
    const answer = await exchange(proxy.port, text.replace("HOST", `127.0.0.1:${world.port}`));
    const got = answer.split("\r\n\r\n")[1] ?? "";
    if (!answer.startsWith("HTTP/1.1 400"))
      expect(got).toMatch(/^GET \/\nHost: [\d.:]+\nX-A: 1.*\nConnection: close\n\n$/);
  });

  it("does not wait for headers, nor takes endless ones", async () => {
    const proxy = await proxyWith(["github.com"], {}, { headersMs: 200 });
    expect(await exchange(proxy.port, "GET http://github.com/ HTTP/1.1\r\nHost:")).toMatch(/ 408 /);
    expect(await proxy.line()).toMatchObject({ rule: "request", reason: "its headers did not come in time" });
    const long = `GET http://github.com/ HTTP/1.1\r\nX: ${"x".repeat(100_000)}\r\n\r\n`;
    expect(await exchange(proxy.port, long)).toMatch(/ 431 |^$/);
  });

  it("has a bound on connections: more are closed at once, and written down", async () => {
    const world = await startTcp((socket) => socket.resume().once("end", () => socket.end()));
    opened.push(world);
    const proxy = await proxyWith([`127.0.0.1:${world.port}`], {}, { connections: 3 });
    const connect = `CONNECT 127.0.0.1:${world.port} HTTP/1.1\r\n\r\n`;
    const kept = await Promise.all([1, 2, 3].map(async () => RawConnection.open(proxy.port)));
    opened.push(...kept);
    for (const each of kept) each.write(connect);
    for (const each of kept) await each.until(/ 200 /);
    expect(await exchange(proxy.port, connect)).toBe("");
    expect(await proxy.line()).toMatchObject({ verdict: "denied", rule: "connections" });
    kept[0]!.close();
    await proxy.line();
    const next = await RawConnection.open(proxy.port);
    opened.push(next);
    next.write(connect);
    expect(await next.until(/\r\n\r\n/)).toMatch(/ 200 /);
  });

  it("has the same bound on requests that are sent without waiting for answers", async () => {
    const world = await startTcp(() => undefined);
    opened.push(world);
    const proxy = await proxyWith([`127.0.0.1:${world.port}`], {}, { connections: 5 });
    const request = raw([`GET http://127.0.0.1:${world.port}/ HTTP/1.1`, "Host: x"]);
    await exchange(proxy.port, request.repeat(100));
    expect(world.connections()).toBeLessThanOrEqual(5);
    expect(proxy.lines.some(({ rule }) => rule === "connections")).toBe(true);
  });
});
