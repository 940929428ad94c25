import { describe, expect, it } from "vitest";
import { inputToReserve, MAX_BODY_BYTES } from "../../../src/llm/dialects/judge.ts";
import { judged, type Path, refusalOf } from "./judging.ts";

const USER = { role: "user", content: "hi" };

describe("the output cap", () => {
  it.each<[Path, string, number | undefined, string]>([
    ["responses", '{"model":"gpt-5"}', undefined, '{"max_output_tokens":7,"model":"gpt-5"}'],
    [
      "responses",
      '{ "model" : "gpt-5", "max_output_tokens" : 9 }',
      9,
      '{ "model" : "gpt-5", "max_output_tokens" : 7 }',
    ],
    ["responses", '{"model":"m","max_output_tokens":null}', undefined, '{"model":"m","max_output_tokens":7}'],
    ["chat", '{"model":"m"}', undefined, '{"max_completion_tokens":7,"model":"m"}'],
    ["chat", '{"model":"m","max_tokens":50}', 50, '{"model":"m","max_tokens":7}'],
    ["chat", '{"model":"m","max_completion_tokens":50}', 50, '{"model":"m","max_completion_tokens":7}'],
    [
      "chat",
      '{"max_tokens":90,"model":"m","max_completion_tokens":50}',
      50,
      '{"max_tokens":7,"model":"m","max_completion_tokens":7}',
    ],
    [
      "messages",
      '{"model":"m","max_tokens":8,"x":"\\u00e9 é"}',
      8,
      '{"model":"m","max_tokens":7,"x":"\\u00e9 é"}',
    ],
    ["messages", '{"model":"m"}', undefined, '{"max_tokens":7,"model":"m"}'],
    ["gemini", "{}", undefined, '{"generationConfig":{"maxOutputTokens":7}}'],
    ["gemini", '{"generationConfig":null}', undefined, '{"generationConfig":{"maxOutputTokens":7}}'],
    ["gemini", '{"generationConfig":{}}', undefined, '{"generationConfig":{"maxOutputTokens":7}}'],
    [
      "gemini",
      '{"generation_config":{"max_output_tokens":70,"topP":1}}',
      70,
      '{"generation_config":{"max_output_tokens":7,"topP":1}}',
    ],
    [
      "gemini",
      '{"generation_config":{"topP":1}}',
      undefined,
      '{"generation_config":{"maxOutputTokens":7,"topP":1}}',
    ],
  ])("is spliced in: %s %s", (path, body, asked, capped) => {
    const request = judged(path, body);
    expect(request.askedOutput).toBe(asked);
    expect(request.withCap(7).toString()).toBe(capped);
    expect(request.withCap(undefined).toString()).toBe(body);
  });

  it("is never larger than what the client asks for", () => {
    const request = judged("messages", { max_tokens: 10 });
    expect(() => request.withCap(11)).toThrow(RangeError);
    expect(() => request.withCap(1.5)).toThrow(RangeError);
  });

  it.each(['"100"', "1e3", "10.5", "-1", "true", "[]", "99999999999"])("that is %s is refused", (value) => {
    expect(refusalOf("responses", `{"model":"m","max_output_tokens":${value}}`)).toMatch(/^bad_request/);
  });

  it("has a floor: thinking, 1,024 tokens, or what the client asks for", () => {
    expect(judged("responses", {}).minOutput).toBe(1_024);
    expect(judged("messages", { max_tokens: 1 }).minOutput).toBe(1);
    const thinking = { thinking: { type: "enabled", budget_tokens: 10_000 } };
    expect(judged("messages", { max_tokens: 32_000, ...thinking }).minOutput).toBe(10_001);
    const config = (budget: number): object => ({
      generationConfig: { thinkingConfig: { thinkingBudget: budget } },
    });
    expect(judged("gemini", config(8_192)).minOutput).toBe(8_193);
    expect(judged("gemini", config(-1)).minOutput).toBe(1_024);
  });
});

describe("stream_options set by the client", () => {
  it.each([
    ['{"model":"m","stream":true}', '{"stream_options":{"include_usage":true},"model":"m","stream":true}'],
    [
      '{"model":"m","stream":true,"stream_options":null}',
      '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
    ],
    [
      '{"model":"m","stream":true,"stream_options":{"include_usage":false}}',
      '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
    ],
    [
      '{"model":"m","stream":true,"stream_options":{"x":1}}',
      '{"model":"m","stream":true,"stream_options":{"include_usage":true,"x":1}}',
    ],
    [
      '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
      '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
    ],
    ['{"model":"m","stream":false}', '{"model":"m","stream":false}'],
  ])("asks for usage: %s", (body, sent) => {
    expect(judged("chat", body).withCap(undefined).toString()).toBe(sent);
  });

  it.each(['{"model":"m","stream":true,"stream_options":[]}', '{"model":"m","stream":1}'])(
    "is refused where it is no object: %s",
    (body) => {
      expect(refusalOf("chat", body)).toMatch(/^bad_request/);
    },
  );
});

describe("duplicate and case-variant keys", () => {
  it.each<[Path, string]>([
    ["messages", '{"model":"m","max_tokens":1,"max_tokens":100000}'],
    ["messages", '{"model":"m","max_tokens":1,"Max_Tokens":100000}'],
    ["messages", '{"model":"m","max_tokens":1,"max\\u005ftokens":100000}'],
    ["messages", '{"model":"m","max_tokens":1,"maxTokens":100000}'],
    ["messages", '{"model":"m","max_tokens":1,"max_to\\u212Aens":100000}'],
    ["messages", '{"model":"m","max_tokens":1,"max_tokens\\u200b":100000}'],
    ["messages", '{"model":"m","MODEL":"claude-opus-5"}'],
    ["messages", '{"model":"m","tools":[{"type":"custom","type":"web_search_20250305"}]}'],
    ["messages", '{"model":"m","tools":[{"name":"x","Type":"web_search_20250305"}]}'],
    ["chat", '{"model":"m","n":1,"n":100}'],
    ["chat", '{"model":"m","N":100}'],
    ["chat", '{"model":"m","stream":true,"stream_options":{"include_usage":true,"include_usage":false}}'],
    ["responses", '{"model":"m","max_output_tokens":1,"Max_Output_Tokens":2}'],
    ["gemini", '{"generationConfig":{"maxOutputTokens":1},"generation_config":{"maxOutputTokens":100000}}'],
    ["gemini", '{"generationConfig":{"maxOutputTokens":1,"max_output_tokens":100000}}'],
    ["gemini", '{"generationConfig":{"maxoutputtokens":100000}}'],
    ["gemini", '{"GenerationConfig":{}}'],
    ["gemini", '{"generationConfig":{"candidateCount":1,"candidate_count":8}}'],
  ])("are refused: %s %s", (path, body) => {
    expect(refusalOf(path, body)).toMatch(/^bad_request: The body has the key/);
  });

  it("pass where clients put what they like", () => {
    const schema = {
      type: "object",
      properties: { Model: {}, max_Tokens: {}, image_url: { type: "string" } },
    };
    expect(refusalOf("messages", { tools: [{ name: "t", input_schema: schema }] })).toBeUndefined();
    expect(
      refusalOf("responses", { tools: [{ type: "function", name: "t", parameters: schema }] }),
    ).toBeUndefined();
    const input = { Type: "url", file_id: "x", cache_control: { ttl: "1h" } };
    const content = [{ type: "tool_use", id: "a", name: "b", input }];
    const request = judged("messages", { messages: [{ role: "assistant", content }] });
    expect([request.beyondBytes, request.cacheWrite]).toEqual([undefined, "none"]);
    const env = { MODEL: "x", PATH: "/bin" };
    const call = { type: "local_shell_call", id: "l", action: { type: "exec", command: ["ls"], env } };
    expect(refusalOf("responses", { input: [call] })).toBeUndefined();
  });
});

describe("a body", () => {
  it.each<[Path, string]>([
    ["responses", "[]"],
    ["responses", '{"model":"m"'],
    ["responses", '{"input":"no model"}'],
    ["responses", '{"model":7}'],
    ["gemini", '{"model":"gemini-3-pro-preview"}'],
    ["gemini", '{"generationConfig":{"candidateCount":0}}'],
    ["gemini", '{"generationConfig":[]}'],
    ["chat", '{"model":"m","n":0}'],
    ["chat", '{"model":"m","n":129}'],
  ])("of %s that is %s is refused", (path, body) => {
    const capped = (): unknown => judged(path, body).withCap(1);
    expect(capped).toThrow(expect.objectContaining({ name: "Refusal", kind: "bad_request", status: 400 }));
  });

  it("has 32 MiB at most", () => {
    const padding = "x".repeat(MAX_BODY_BYTES);
    expect(refusalOf("responses", { input: padding })).toMatch(/^too_large/);
  });

  it("bounds its tokens by its bytes, its messages and the provider's own tools", () => {
    const body = JSON.stringify({ model: "claude-opus-5", max_tokens: 9, messages: [USER, USER] });
    const request = judged("messages", body);
    expect(request.inputBound).toBe(body.length + 2 * 16 + 1_024);
    const tools = [{ type: "text_editor_20250728", name: "edit" }];
    const withTool = JSON.stringify({ ...(JSON.parse(body) as object), tools });
    expect(judged("messages", withTool).inputBound).toBe(withTool.length + 2 * 16 + 2_048 + 1_024);
  });

  it("is bounded by the context window where bytes bound nothing", () => {
    const text = { model: "m", inputBound: 5_000, beyondBytes: undefined };
    expect(inputToReserve(text, undefined, true)).toBe(5_000);
    expect(inputToReserve(text, 4_000, true)).toBe(4_000);
    const image = { ...text, beyondBytes: "an image" };
    expect(inputToReserve(image, 200_000, true)).toBe(200_000);
    expect(inputToReserve(image, undefined, false)).toBe(5_000);
    expect(() => inputToReserve(image, undefined, true)).toThrow(
      expect.objectContaining({ kind: "unbounded", message: expect.stringContaining("an image") }),
    );
  });
});

describe("a model", () => {
  it.each(["gpt-5", "openai/gpt-5:free", "ft:gpt-4o:org::id"])("is accepted by its form: %s", (model) => {
    expect(judged("responses", { model }).model).toBe(model);
  });

  it.each(["", "gpt 5", "gpt-5\n", "gpt-5?x=1", "modèle", "a".repeat(201), "x\\u0000"])(
    "is refused by its form: %s",
    (model) => {
      expect(refusalOf("responses", { model })).toMatch(/^model/);
    },
  );

  it("has to match one of the profile's globs", () => {
    const models = ["claude-*", "gpt-5"];
    expect(judged("messages", {}, { models }).model).toBe("claude-opus-5");
    expect(refusalOf("chat", { model: "gpt-5-pro" }, { models })).toBe(
      "model: The model gpt-5-pro is not allowed: this profile allows claude-*, gpt-5. Use one of those, or add it to `models` in [profiles.llm]. Do not send the request again as it is.",
    );
    expect(refusalOf("gemini", {}, { models })).toMatch(/^model: The model gemini-2.5-pro/);
    expect(refusalOf("geminiCount", {}, { models })).toMatch(/^model/);
  });
});

describe("several answers at once", () => {
  it("are counted: n, candidateCount", () => {
    expect(judged("chat", { n: 5 }).choices).toBe(5);
    expect(judged("gemini", { generationConfig: { candidateCount: 3 } }).choices).toBe(3);
    expect(judged("gemini", { generation_config: { candidate_count: 4 } }).choices).toBe(4);
    expect(judged("responses", {}).choices).toBe(1);
  });
});

describe("a stream", () => {
  it("is told by the body, and by Gemini's path", () => {
    expect(judged("responses", { stream: true }).stream).toBe(true);
    expect(judged("messages", {}).stream).toBe(false);
    expect(judged("geminiStream", {}).stream).toBe(true);
    expect(judged("gemini", {}).stream).toBe(false);
  });
});

describe("cache writes", () => {
  it("follow from cache_control and its ttl, wherever it is", () => {
    const block = (cache: object): object => ({
      messages: [{ role: "user", content: [{ type: "text", text: "x", cache_control: cache }] }],
    });
    expect(judged("messages", {}).cacheWrite).toBe("none");
    expect(judged("messages", block({ type: "ephemeral" })).cacheWrite).toBe("5m");
    expect(judged("messages", block({ type: "ephemeral", ttl: "1h" })).cacheWrite).toBe("1h");
    expect(judged("messages", block({ type: "ephemeral", ttl: "24h" })).cacheWrite).toBe("1h");
    expect(judged("messages", { cache_control: { type: "ephemeral", ttl: "1h" } }).cacheWrite).toBe("1h");
    expect(judged("gemini", {}).cacheWrite).toBe("none");
  });

  it("are OpenAI's own decision", () => {
    expect(judged("responses", {}).cacheWrite).toBe("5m");
    expect(judged("chat", {}).cacheWrite).toBe("5m");
  });
});
