import { describe, expect, it } from "vitest";
import { answerHeaders, checkHeaders, requestHeaders, tokenOf } from "../../../src/llm/dialects/headers.ts";
import { Refusal, refusalAnswer, type RefusalKind } from "../../../src/llm/dialects/refusal.ts";
import { findRoute, likelyDialect } from "../../../src/llm/dialects/routes.ts";
import type { RoutedProvider } from "../../../src/llm/dialects/types.ts";
import type { DialectName } from "../../../src/llm/prices/types.ts";

const PROVIDERS: readonly RoutedProvider[] = [
  { name: "openai", dialect: "openai" },
  { name: "local", dialect: "openai" },
  { name: "anthropic", dialect: "anthropic" },
  { name: "google", dialect: "gemini" },
];

describe("a route", () => {
  it.each([
    ["POST", "/v1/responses", "responses generate openai /v1/responses"],
    ["POST", "/v1/responses/input_tokens", "input_tokens count openai /v1/responses/input_tokens"],
    ["POST", "/v1/chat/completions", "chat_completions generate openai /v1/chat/completions"],
    ["POST", "/local/v1/chat/completions", "chat_completions generate local /v1/chat/completions"],
    ["POST", "/v1/messages?beta=true", "messages generate anthropic /v1/messages?beta=true"],
    [
      "POST",
      "/v1/messages/count_tokens?beta=true&x=1",
      "count_tokens count anthropic /v1/messages/count_tokens?beta=true",
    ],
    ["POST", "/messages", "messages generate anthropic /v1/messages"],
    ["POST", "/anthropic/messages", "messages generate anthropic /v1/messages"],
    ["POST", "/messages/count_tokens", "count_tokens count anthropic /v1/messages/count_tokens"],
    [
      "POST",
      "/v1beta/models/gemini-2.5-pro:streamGenerateContent?key=SECRET&alt=sse",
      "stream_generate_content generate google /v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
    ],
    [
      "POST",
      "/google/v1beta/models/g:countTokens",
      "gemini_count_tokens count google /v1beta/models/g:countTokens",
    ],
    ["GET", "/v1/models", "models local undefined /v1/models"],
    ["GET", "/anthropic/v1/models?limit=1", "models local anthropic /v1/models"],
    ["HEAD", "/api/hello", "hello local undefined /api/hello"],
    ["GET", "/agentd/v1/budget", "budget local undefined /agentd/v1/budget"],
  ])("is found: %s %s", (method, url, expected) => {
    const { name, kind, provider, path, query } = findRoute(method, url, PROVIDERS);
    expect(`${name} ${kind} ${provider ?? "undefined"} ${path}${query}`).toBe(expected);
  });

  it.each([
    ["GET", "/v1/responses"],
    ["POST", "/v1/responses/"],
    ["POST", "//v1/responses"],
    ["POST", "/v1/../v1/responses"],
    ["POST", "/v1/%72esponses"],
    ["POST", "/V1/responses"],
    ["POST", "http://evil.example/v1/responses"],
    ["POST", "/v1/responses/compact"],
    ["GET", "/v1/responses/resp_123"],
    ["GET", "/messages"],
    ["POST", "/messages/batches"],
    ["POST", "/v1/messages/batches"],
    ["POST", "/v1/batches"],
    ["POST", "/v1/files"],
    ["POST", "/v1/embeddings"],
    ["POST", "/v1/conversations"],
    ["POST", "/v1/complete"],
    ["POST", "/v1beta/models/g:batchGenerateContent"],
    ["POST", "/v1beta/models/g:toString"],
    ["POST", "/v1beta/models/../../x:generateContent"],
    ["POST", "/v1beta/models/a/b:generateContent"],
    ["POST", "/v1beta/models/..:generateContent"],
    ["POST", "/v1beta/models/a%2fb:generateContent"],
    ["POST", "/v1beta/cachedContents"],
    ["GET", "/toString"],
    ["OPTIONS", "*"],
    ["POST", "/other/v1/responses"],
    ["POST", "/local/local/v1/responses"],
  ])("is none of the side doors: %s %s", (method, url) => {
    expect(() => findRoute(method, url, PROVIDERS)).toThrow(
      expect.objectContaining({ name: "Refusal", kind: "not_found", status: 404 }),
    );
  });

  it("needs a provider of its dialect", () => {
    const route = (url: string): unknown => findRoute("POST", url, PROVIDERS.slice(0, 2));
    expect(() => route("/v1/messages")).toThrow(/the profile has openai \(openai\), local \(openai\)/);
    expect(() => route("/local/v1/messages")).toThrow(/the provider local has the dialect openai/);
  });

  it.each(["/v1/messages?beta=true&beta=false", "/v1/messages?alt=a%0d%0ab"])(
    "is refused with a query that can be read in two ways: %s",
    (url) => {
      expect(() => findRoute("POST", url, PROVIDERS)).toThrow(
        expect.objectContaining({ kind: "bad_request" }),
      );
    },
  );

  it("has a likely dialect where there is none", () => {
    expect(["/v1beta/x", "/v1/messages/batches", "/x"].map(likelyDialect)).toEqual([
      "gemini",
      "anthropic",
      "openai",
    ]);
  });
});

const HOSTILE = [
  ...[
    "Authorization",
    "Bearer session-token",
    "X-Api-Key",
    "session-token",
    "x-goog-api-key",
    "session-token",
  ],
  ...["Cookie", "a=b", "OpenAI-Organization", "org-1", "OpenAI-Project", "p", "x-codex-turn-metadata", "{}"],
  ...["User-Agent", "codex/1", "x-stainless-os", "Linux", "session_id", "1", "x-forwarded-for", "10.0.0.1"],
  ...["Accept-Encoding", "gzip", "Content-Type", 'application/json; charset="utf-16"', "Host", "h"],
  ...["Transfer-Encoding", "chunked", "Connection", "keep-alive", "Content-Length", "9", "api-key", "k"],
  ...[
    "ACCEPT",
    "text/event-stream",
    "anthropic-version",
    "2023-06-01",
    "Anthropic-Beta",
    "a",
    "anthropic-beta",
    "b",
  ],
  ...["openai-beta", "x", "x-goog-user-project", "p"],
];

describe("the headers of a request", () => {
  const own = { "content-type": "application/json", "accept-encoding": "identity", "user-agent": "agentd" };

  it.each<[DialectName, Record<string, string>]>([
    ["openai", { authorization: "Bearer KEY", "openai-beta": "x" }],
    ["anthropic", { "x-api-key": "KEY", "anthropic-version": "2023-06-01", "anthropic-beta": "a, b" }],
    ["gemini", { "x-goog-api-key": "KEY" }],
  ])("are those of %s, the real key, and nothing of the client", (dialect, rest) => {
    expect(requestHeaders(dialect, HOSTILE, "KEY")).toEqual({ ...own, accept: "text/event-stream", ...rest });
  });

  it("leave out a version that is there twice", () => {
    const raw = ["anthropic-version", "a", "Anthropic-Version", "b"];
    expect(requestHeaders("anthropic", raw, "KEY")).not.toHaveProperty("anthropic-version");
  });

  it.each([
    [["Content-Encoding", "gzip"], 415],
    [["CONTENT-ENCODING", "br"], 415],
    [["content-type", "text/plain"], 415],
    [["content-type", "application/json; charset=utf-16"], 415],
    [["content-type", "multipart/form-data"], 415],
    [["Upgrade", "websocket"], 426],
    [["eXpEcT", "100-continue"], 400],
    [["Trailer", "x"], 400],
  ])("are refused where they smuggle something: %j", (raw, status) => {
    expect(() => checkHeaders(raw)).toThrow(expect.objectContaining({ name: "Refusal", status }));
  });

  it("are fine as clients send them", () => {
    const raw = ["Content-Type", "application/json; charset=UTF-8", "content-encoding", "identity"];
    expect(() => checkHeaders([...raw, "Accept", "*/*"])).not.toThrow();
  });
});

describe("the headers of an answer", () => {
  it("are those that a client needs", () => {
    const raw = ["Content-Type", "text/event-stream", "Set-Cookie", "a", "OpenAI-Organization", "acme"];
    const rest = ["x-request-id", "r", "X-RateLimit-Reset", "1", "Location", "/", "Retry-After", "2"];
    expect(answerHeaders([...raw, ...rest, "anthropic-organization-id", "o"])).toEqual([
      ["content-type", "text/event-stream"],
      ["x-request-id", "r"],
      ["x-ratelimit-reset", "1"],
      ["retry-after", "2"],
    ]);
  });
});

describe("the token", () => {
  it.each<[readonly string[], string]>([
    [["Authorization", "Bearer abc"], "/"],
    [["AUTHORIZATION", "bearer abc"], "/"],
    [["x-api-key", "abc"], "/"],
    [["X-Goog-Api-Key", "abc"], "/"],
    [[], "/v1beta/models/g:generateContent?alt=sse&key=abc"],
    [["x-api-key", "abc", "authorization", "Bearer abc"], "/?key=abc"],
  ])("is taken from %j %s", (raw, url) => {
    expect(tokenOf(raw, url)).toBe("abc");
  });

  it.each<[readonly string[], string]>([
    [[], "/"],
    [["authorization", "Basic abc"], "/"],
    [["x-api-key", "abc", "authorization", "Bearer def"], "/"],
    [["x-api-key", "abc"], "/?key=def"],
    [["x-api-key", "abc", "x-api-key", "def"], "/"],
  ])("is none where there is none, or two: %j %s", (raw, url) => {
    expect(tokenOf(raw, url)).toBeUndefined();
  });
});

describe("a refusal", () => {
  const shape = (dialect: DialectName, kind: RefusalKind): unknown =>
    JSON.parse(refusalAnswer(dialect, new Refusal(kind, "Why.")).body.toString());

  it("of a spent budget has the one shape at which every client stops", () => {
    expect(shape("openai", "budget")).toEqual({
      error: { message: "Why.", type: "insufficient_quota", param: null, code: "agentd_budget_exhausted" },
    });
    expect(shape("anthropic", "budget")).toEqual({
      type: "error",
      error: { type: "billing_error", message: "Why." },
    });
    expect(shape("gemini", "budget")).toEqual({
      error: { code: 400, message: "Why.", status: "INVALID_ARGUMENT" },
    });
  });

  it.each<[RefusalKind, number]>([
    ["budget", 400],
    ["model", 400],
    ["price", 400],
    ["unbounded", 400],
    ["stored_id", 400],
    ["bad_request", 400],
    ["token", 401],
    ["not_found", 404],
    ["too_large", 413],
    ["unsupported", 415],
    ["upgrade", 426],
  ])("of the kind %s has the status %i and asks not to retry", (kind, status) => {
    for (const dialect of ["openai", "anthropic", "gemini"] as const) {
      const answer = refusalAnswer(dialect, new Refusal(kind, "Why."));
      expect(answer.status).toBe(status);
      expect(answer.headers).toMatchObject({ "content-type": "application/json", "x-should-retry": "false" });
      expect(answer.headers).not.toHaveProperty("retry-after");
      expect(answer.headers["content-length"]).toBe(String(answer.body.length));
    }
  });

  it("may be tried again where it is not the client's fault", () => {
    const answer = refusalAnswer("openai", new Refusal("unavailable", "Why."));
    expect([answer.status, "x-should-retry" in answer.headers]).toEqual([503, false]);
    expect(refusalAnswer("gemini", new Refusal("upstream", "Why.")).status).toBe(502);
  });
});
