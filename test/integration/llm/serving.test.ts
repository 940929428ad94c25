import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../kit/until.mjs";
import { exchange, RawConnection } from "../gateway/in-process-proxy.ts";
import { ask, KEY, startServer, TOKEN } from "./server-under-test.ts";
import { events, json, message, UpstreamUnderTest } from "./upstream-under-test.ts";

let upstream: UpstreamUnderTest;
beforeEach(async () => {
  upstream = await UpstreamUnderTest.start((_seen, response) => json(response, message(10, 5)));
});
afterEach(() => upstream.close());

const head = (body: string, ...lines: string[]): string =>
  [
    "POST /v1/messages HTTP/1.1",
    "Host: x",
    "content-type: application/json",
    `authorization: Bearer ${TOKEN}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...lines,
    "",
    body,
  ].join("\r\n");
const BODY = JSON.stringify(ask.messages());

describe("a request that goes through", () => {
  it("reaches the provider with the real key, and without the token and what says who asks", async () => {
    const { post } = await startServer(upstream.url);
    const answer = await post("/v1/messages?beta=true&x=1", ask.messages(), {
      "x-codex-turn-metadata": "secret",
      "anthropic-version": "2023-06-01",
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual(message(10, 5));
    const [seen] = upstream.seen;
    expect(seen?.url).toBe("/v1/messages?beta=true");
    expect(seen?.headers).toMatchObject({
      "x-api-key": KEY,
      "anthropic-version": "2023-06-01",
      "accept-encoding": "identity",
    });
    expect(JSON.stringify(seen)).not.toMatch(new RegExp(`${TOKEN}|metadata`));
    expect(JSON.parse(seen?.body ?? "")).toEqual(ask.messages());
  });

  it("is in the ledger in two lines, of which none has its text", async () => {
    const { post, lines, server, directory } = await startServer(upstream.url, { limits: { usdNano: 1e9 } });
    upstream.answer = (_seen, response) => json(response, message(10, 5), 200, { "request-id": "req_7" });
    await (await post("/v1/messages", ask.messages())).text();
    await server.close();
    expect(await lines()).toEqual([
      expect.objectContaining({
        kind: "reserve",
        id: 0,
        provider: "p-anthropic",
        route: "messages",
        model: "test-model",
        stream: false,
        cap_asked: 1_000,
        cap_sent: 1_000,
        price_source: "operator",
        unbounded: [],
      }),
      expect.objectContaining({
        kind: "settle",
        id: 0,
        status: 200,
        model_answered: "test-model",
        input_tokens: 10,
        output_tokens: 5,
        nano: 10 * 1_000 + 5 * 10_000,
        settlement: "reported",
        request_id: "req_7",
      }),
    ]);
    expect(await readFile(join(directory, "llm.jsonl"), "utf8")).not.toMatch(/hello|done/);
  });

  it("streams: each chunk is with the client before the next one is made", async () => {
    let go: () => void = () => undefined;
    upstream.answer = async (_seen, response) => {
      for (const text of ["one", "two", "three"]) {
        events(response, [{ type: "content_block_delta", delta: { text } }], false);
        await new Promise<void>((resolve) => (go = resolve));
      }
      response.end();
    };
    const { post } = await startServer(upstream.url);
    const answer = await post("/v1/messages", ask.messages({ stream: true }));
    const reader = answer.body!.getReader();
    for (const text of ["one", "two", "three"]) {
      const { value } = await reader.read();
      expect(Buffer.from(value).toString()).toContain(text);
      go();
    }
    expect(await reader.read()).toMatchObject({ done: true });
  });

  it("passes a stream byte for byte, also where it is no stream of events", async () => {
    const odd = Buffer.concat([
      Buffer.from(": comment\r\ndata:{}\r\n\r\ndata: half "),
      Buffer.from([0xff, 0xfe, 0x00]),
      Buffer.from("é\u2028\n\n{]"),
    ]);
    upstream.answer = (_seen, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const byte of odd) response.write(Buffer.from([byte]));
      response.end();
    };
    const { post, lines, server } = await startServer(upstream.url);
    const answer = await post("/v1/messages", ask.messages({ stream: true }));
    expect(Buffer.from(await answer.arrayBuffer()).equals(odd)).toBe(true);
    await server.close();
    expect((await lines())[1]).toMatchObject({ settlement: "reserved" });
  });

  it("survives a long silence in a reasoning stream", async () => {
    upstream.answer = async (_seen, response) => {
      events(response, [{ type: "message_start", message: message(10, 1) }], false);
      await new Promise((resolve) => setTimeout(resolve, 700));
      events(response, [
        { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 9 } },
      ]);
    };
    // Every limit on clients is shorter than the silence.
    const { post } = await startServer(upstream.url, {
      patience: { headersMs: 100, requestMs: 300, keepAliveMs: 100 },
    });
    expect(await (await post("/v1/messages", ask.messages({ stream: true }))).text()).toContain(
      "message_delta",
    );
  });

  it("goes to the provider that a path names, and follows no redirect", async () => {
    const other = await UpstreamUnderTest.start((_seen, response) => json(response, message(1, 1)));
    upstream.answer = (_seen, response) => {
      response.writeHead(307, { location: other.url }).end();
    };
    const { post } = await startServer(upstream.url);
    const answer = await post("/p-anthropic/v1/messages", ask.messages());
    other.close();
    expect([answer.status, answer.headers.get("location")]).toEqual([307, null]);
    expect(upstream.seen[0]?.url).toBe("/v1/messages");
    expect(other.seen).toEqual([]);
  });
});

describe("the real key", () => {
  it("is in no answer, also where the provider echoes it in an error", async () => {
    const forms = [
      KEY,
      encodeURIComponent(KEY),
      ...[0, 1, 2].map((n) => Buffer.from("x".repeat(n) + KEY).toString("base64")),
    ];
    upstream.answer = (_seen, response) => {
      response.writeHead(401, { "content-type": "application/json", "x-request-id": `r-${KEY}` });
      // In small pieces: none of them has the whole key.
      const body = JSON.stringify({ error: { message: `bad key ${forms.join(" ")} end` } });
      for (let at = 0; at < body.length; at += 5) response.write(body.slice(at, at + 5));
      response.end();
    };
    const { post } = await startServer(upstream.url);
    const answer = await post("/v1/messages", ask.messages());
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({
      error: { message: expect.stringMatching(/^bad key \*+ .* end$/) },
    });
    expect(text + JSON.stringify([...answer.headers])).not.toContain(KEY.slice(10));
    for (const form of forms) expect(text).not.toContain(form.slice(4, -4));
  });

  it("is replaced for the next request when it is rotated", async () => {
    const { server, post } = await startServer(upstream.url);
    await (await post("/v1/messages", ask.messages())).text();
    expect(server.updateKey("p-anthropic", upstream.url, "sk-other-key")).toBe(true);
    expect(server.updateKey("p-anthropic", "http://elsewhere", "sk-evil")).toBe(false);
    await (await post("/v1/messages", ask.messages())).text();
    expect(upstream.seen.map(({ headers }) => headers["x-api-key"])).toEqual([KEY, "sk-other-key"]);
  });

  it("that eight requests in a row are refused with ends the session, with the provider's words", async () => {
    upstream.answer = (_seen, response) =>
      json(response, { error: { message: `key ${KEY} was revoked` } }, 401);
    const { server, post } = await startServer(upstream.url);
    for (let at = 0; at < 7; at += 1) await (await post("/v1/messages", ask.messages())).text();
    upstream.answer = (_seen, response) => json(response, message(1, 1));
    await (await post("/v1/messages", ask.messages())).text();
    upstream.answer = (_seen, response) =>
      json(response, { error: { message: `key ${KEY} was revoked` } }, 403);
    for (let at = 0; at < 8; at += 1) await (await post("/v1/messages", ask.messages())).text();
    const { kind, cause } = await server.verdict();
    expect(kind).toBe("llm_refused");
    expect(cause).toMatch(/p-anthropic refused 8 requests in a row: HTTP 403: key \*+ was revoked\./);
    expect(server.numbers.usd_nano).toBe(1_000 + 10_000);
  });

  it("that is refused explains a command that gives up, until another answer comes", async () => {
    const { server, post } = await startServer(upstream.url);
    const nothing = { kind: null, cause: null };
    expect(server.verdictOfFailure()).toEqual(nothing);
    upstream.answer = (_seen, response) => json(response, { error: { message: `no ${KEY}` } }, 401);
    await (await post("/v1/messages", ask.messages())).text();
    await until("it is settled", async () => server.verdictOfFailure().kind !== null);
    expect(server.verdictOfFailure()).toEqual({
      kind: "llm_refused",
      cause: expect.stringMatching(/refused the last request: HTTP 401: no \*+\. Check its key\./),
    });
    upstream.answer = (_seen, response) => json(response, message(1, 1));
    await (await post("/v1/messages", ask.messages())).text();
    expect(server.verdictOfFailure()).toEqual(nothing);
  });
});

describe("the token", () => {
  it.each([
    ["authorization", `Bearer ${TOKEN}`],
    ["x-api-key", TOKEN],
    ["x-goog-api-key", TOKEN],
  ])("is taken from %s", async (name, value) => {
    const { url } = await startServer(upstream.url);
    const headers = { "content-type": "application/json", [name]: value };
    const answer = await fetch(`${url}/v1/messages`, { method: "POST", headers, body: BODY });
    expect(answer.status).toBe(200);
  });

  it.each([
    ["none", {}],
    ["another session's", { authorization: `Bearer ${"ab".repeat(32)}` }],
    ["a part of it", { "x-api-key": TOKEN.slice(1) }],
    ["two that differ", { authorization: `Bearer ${TOKEN}`, "x-api-key": "other" }],
  ] as [string, Record<string, string>][])(
    "is refused where there is %s, and costs nothing",
    async (_what, headers) => {
      const { url, server } = await startServer(upstream.url);
      const answer = await fetch(`${url}/v1/messages`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: BODY,
      });
      expect(answer.status).toBe(401);
      expect(upstream.seen).toEqual([]);
      expect(server.numbers).toMatchObject({ requests: 0, refused: 1 });
    },
  );

  it("is worthless once the session is closed", async () => {
    const { post, server } = await startServer(upstream.url);
    await server.close();
    await expect(post("/v1/messages", ask.messages())).rejects.toThrow("fetch failed");
    expect(await server.verdict()).toEqual({ kind: null, cause: null });
  });
});

describe("smuggling", () => {
  it.each([
    ["Expect", ["Expect: 100-continue"], 400],
    ["an unknown expectation", ["expect: something"], 400],
    ["a declared trailer", ["Trailer: x-api-key"], 400],
    ["a content-encoding", ["Content-Encoding: gzip"], 415],
    ["a header in another case, twice", ["CONTENT-encoding: identity", "Content-Encoding: br"], 415],
    ["two lengths", ["content-length: 3"], 400],
    ["a length and chunks", ["transfer-encoding: chunked"], 400],
    ["an unknown transfer coding", ["transfer-encoding: xchunked"], 400],
  ] as [string, string[], number][])(
    "by %s is refused, and nothing reaches the provider",
    async (_how, lines, status) => {
      const { port } = await startServer(upstream.url);
      expect(await exchange(port, head(BODY, "connection: close", ...lines))).toMatch(
        new RegExp(`^HTTP/1.1 ${status} `),
      );
      expect(upstream.seen).toEqual([]);
    },
  );

  it("by trailers that nobody announced is refused", async () => {
    const { port } = await startServer(upstream.url);
    const lines = [
      "POST /v1/messages HTTP/1.1",
      "Host: x",
      `x-api-key: ${TOKEN}`,
      "content-type: application/json",
    ];
    const chunk = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\nx-api-key: other\r\n\r\n`;
    const raw = [...lines, "transfer-encoding: chunked", "connection: close", "", chunk].join("\r\n");
    expect(await exchange(port, raw)).toMatch(/^HTTP\/1.1 400 /);
    expect(upstream.seen).toEqual([]);
  });

  it("by pipelining costs the connection: the second request goes nowhere", async () => {
    let answered = 0;
    upstream.answer = async (_seen, response) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      answered += 1;
      json(response, message(1, 1));
    };
    const { port, server } = await startServer(upstream.url);
    const connection = await RawConnection.open(port);
    connection.write(head(BODY) + head(BODY));
    await connection.whole();
    connection.close();
    await server.close();
    expect(upstream.seen.length).toBeLessThan(2);
    expect(answered).toBeLessThan(2);
  });

  it("by an upgrade is answered 426, which makes codex fall back at once", async () => {
    const { port } = await startServer(upstream.url);
    const lines = [
      "GET /v1/responses HTTP/1.1",
      "Host: x",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "",
      "",
    ];
    expect(await exchange(port, lines.join("\r\n"))).toMatch(/^HTTP\/1.1 426 /);
  });

  it("by HTTP/1.0 and by a whole URL is refused", async () => {
    const { port } = await startServer(upstream.url);
    expect(await exchange(port, head(BODY).replace("HTTP/1.1", "HTTP/1.0"))).toMatch(/^HTTP\/1.1 400 /);
    const whole = head(BODY, "connection: close").replace("/v1/messages", "http://evil.example/v1/messages");
    expect(await exchange(port, whole)).toMatch(/^HTTP\/1.1 404 /);
  });

  it("by a body beyond the bound is refused unread", async () => {
    const { port } = await startServer(upstream.url, { patience: { bodyBytes: 1_000 } });
    expect(await exchange(port, head("x".repeat(1_001)))).toMatch(/^HTTP\/1.1 413 /);
    const chunked = [
      "POST /v1/messages HTTP/1.1",
      "Host: x",
      `x-api-key: ${TOKEN}`,
      "transfer-encoding: chunked",
    ];
    const body = `${(2_000).toString(16)}\r\n${"x".repeat(2_000)}\r\n0\r\n\r\n`;
    expect(await exchange(port, [...chunked, "", body].join("\r\n"))).toMatch(/^HTTP\/1.1 413 /);
  });

  it.each([
    "/v1/files",
    "/v1/batches",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/models/x",
    "/v1/messages/batches",
    "/",
  ])("by the side door %s is refused", async (path) => {
    const { post } = await startServer(upstream.url);
    expect((await post(path, {})).status).toBe(404);
    expect(upstream.seen).toEqual([]);
  });
});

describe("what the gateway answers itself", () => {
  it("are models, greetings and the budget", async () => {
    const { url } = await startServer(upstream.url, {
      access: { models: ["test-model", "claude-*"] },
      limits: { usdNano: 5e9, requests: 3 },
    });
    const headers = { authorization: `Bearer ${TOKEN}` };
    const models = await (await fetch(`${url}/v1/models`, { headers })).json();
    expect(models).toMatchObject({ data: [{ id: "test-model" }] });
    expect((await fetch(`${url}/api/hello`, { method: "HEAD" })).status).toBe(200);
    const budget = await (await fetch(`${url}/agentd/v1/budget`, { headers })).json();
    expect(budget).toMatchObject({ requests_left: 3, usd_left: "5.000000", in_flight: 0 });
    expect((await fetch(`${url}/agentd/v1/budget`)).status).toBe(401);
    expect(upstream.seen).toEqual([]);
  });
});

describe("a provider that cannot be reached", () => {
  it("costs nothing, and the client may try again", async () => {
    const { url } = upstream;
    upstream.close();
    const { post, server, lines } = await startServer(url, { limits: { usdNano: 1e9 } });
    const answer = await post("/v1/messages", ask.messages());
    expect([answer.status, answer.headers.get("x-should-retry")]).toEqual([502, null]);
    expect(server.numbers).toMatchObject({ usd_nano: 0, reserved_nano: 0 });
    await server.close();
    expect((await lines())[1]).toMatchObject({ settlement: "none", status: null, nano: 0 });
  });

  it("with an error of its own passes through as it is", async () => {
    upstream.answer = (_seen, response) =>
      json(response, { error: { message: "slow down" } }, 429, { "retry-after": "7" });
    const { post, server } = await startServer(upstream.url, { limits: { usdNano: 1e9 } });
    const answer = await post("/v1/messages", ask.messages());
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([429, "7"]);
    expect(await answer.json()).toEqual({ error: { message: "slow down" } });
    await until("it is settled", async () => server.numbers.in_flight === 0);
    expect(server.numbers.usd_nano).toBe(0);
  });
});

describe("requests that only count", () => {
  it("use up requests and no money", async () => {
    upstream.answer = (_seen, response) => json(response, { input_tokens: 9 });
    const { post, server } = await startServer(upstream.url, { limits: { usdNano: 1e9, requests: 2 } });
    const body = { model: "test-model", messages: [{ role: "user", content: "hello" }] };
    for (let at = 0; at < 2; at += 1)
      expect((await post("/v1/messages/count_tokens", body)).status).toBe(200);
    expect((await post("/v1/messages/count_tokens", body)).status).toBe(400);
    expect(upstream.seen).toHaveLength(2);
    expect(server.numbers).toMatchObject({ requests: 2, refused: 1, usd_nano: 0 });
    expect(await server.verdict()).toMatchObject({ kind: "budget_exhausted" });
  });
});
