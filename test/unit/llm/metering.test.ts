import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { RouteName } from "../../../src/llm/dialects/types.ts";
import { KnownIds } from "../../../src/llm/metering/known-ids.ts";
import { type Metered, meterFor } from "../../../src/llm/metering/meter.ts";

function read(route: RouteName, text: string, pieces = 1, isWhole = true): Metered & { ids: string[] } {
  const ids: string[] = [];
  const meter = meterFor(route, (id) => ids.push(id));
  const bytes = Buffer.from(text);
  const size = Math.ceil(bytes.length / pieces);
  for (let at = 0; at < bytes.length; at += size) meter.push(bytes.subarray(at, at + size));
  return { ...meter.end(isWhole), ids };
}

const sse = (...list: readonly object[]): string =>
  list.map((each) => `data: ${JSON.stringify(each)}\n\n`).join("");

const responses = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 40, cache_write_tokens: 10 },
  output_tokens: 30,
  output_tokens_details: { reasoning_tokens: 20 },
};
const expected = { input: 50, cacheRead: 40, cacheWrite5m: 10, output: 30, reasoning: 20 };

describe("usage", () => {
  it.each(["completed", "incomplete", "failed"])(
    "of Responses is in response.%s, with its parts taken apart",
    (kind) => {
      const text = sse(
        {
          type: "response.created",
          response: { id: "resp_1", model: "m", usage: { input_tokens: 1, output_tokens: 1 } },
        },
        { type: `response.${kind}`, response: { id: "resp_1", model: "m-2", usage: responses } },
      );
      expect(read("responses", text)).toMatchObject({ usage: expected, model: "m-2" });
      expect(read("responses", text, text.length)).toMatchObject({ usage: expected });
    },
  );

  it("of a whole answer is at its top", () => {
    const whole = JSON.stringify({
      id: "r",
      object: "response",
      model: "m",
      output: [{ type: "web_search_call" }],
      usage: responses,
    });
    expect(read("responses", whole)).toMatchObject({ usage: { ...expected, webSearches: 1 } });
    expect(read("responses", whole.slice(0, -1)).usage).toBeUndefined();
  });

  it("of Chat is in the last chunk, or beside the last words of a server that is only compatible", () => {
    const usage = { prompt_tokens: 9, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens: 3 };
    const word = { model: "m", choices: [{ delta: { content: "x" }, finish_reason: null }], usage: null };
    expect(read("chat_completions", sse(word, { choices: [], usage })).usage).toMatchObject({
      input: 5,
      cacheRead: 4,
      output: 3,
    });
    const running = { ...word, usage: { ...usage, completion_tokens: 1 } };
    const last = { choices: [{ delta: {}, finish_reason: "stop" }], usage };
    expect(read("chat_completions", sse(running, last)).usage).toMatchObject({ output: 3 });
    // Only the end of the connection says that nothing more would have come.
    expect(read("chat_completions", sse(running, last), 1, false).usage).toBeUndefined();
    expect(read("chat_completions", `${sse(running)}data: [DONE]\n\n`, 1, false).usage).toMatchObject({
      output: 1,
    });
    expect(read("chat_completions", sse(running)).usage).toBeUndefined();
  });

  it("of Anthropic is replaced by what comes later, field by field", () => {
    const start = {
      type: "message_start",
      message: {
        id: "msg_1",
        model: "m",
        usage: {
          input_tokens: 5,
          cache_read_input_tokens: 7,
          cache_creation_input_tokens: 9,
          cache_creation: { ephemeral_5m_input_tokens: 4, ephemeral_1h_input_tokens: 5 },
          output_tokens: 1,
        },
      },
    };
    const delta = {
      type: "message_delta",
      delta: { stop_reason: "end_turn" },
      usage: {
        input_tokens: null,
        cache_read_input_tokens: 8,
        output_tokens: 20,
        server_tool_use: { web_search_requests: 2 },
      },
    };
    expect(read("messages", sse(start, delta)).usage).toMatchObject({
      input: 5,
      cacheRead: 8,
      cacheWrite5m: 4,
      cacheWrite1h: 5,
      output: 20,
      webSearches: 2,
    });
    expect(read("messages", sse(start)).usage).toBeUndefined();
    expect(
      read("messages", sse(start, { type: "error", error: { type: "overloaded_error" } })).usage,
    ).toBeUndefined();
    // A server that says 0 first and the truth at the end.
    const zero = { type: "message_start", message: { usage: { input_tokens: 0, output_tokens: 0 } } };
    const truth = { ...delta, usage: { input_tokens: 33, output_tokens: 2 } };
    expect(read("messages", sse(zero, truth)).usage).toMatchObject({ input: 33, output: 2 });
  });

  it("of Anthropic without a split of what was cached counts as the dearer kind", () => {
    const whole = {
      type: "message",
      usage: { input_tokens: 1, cache_creation_input_tokens: 9, output_tokens: 1 },
    };
    expect(read("messages", JSON.stringify(whole)).usage).toMatchObject({ cacheWrite5m: 0, cacheWrite1h: 9 });
  });

  it.each(["generate_content", "stream_generate_content"] as const)(
    "of Gemini is the last one, as events and as an array: %s",
    (route) => {
      const usageMetadata = {
        promptTokenCount: 10,
        cachedContentTokenCount: 4,
        toolUsePromptTokenCount: 3,
        candidatesTokenCount: 6,
        thoughtsTokenCount: 5,
        promptTokensDetails: [{ modality: "AUDIO", tokenCount: 2 }],
      };
      const chunks = [
        {
          modelVersion: "g-1",
          candidates: [{}],
          usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 1 },
        },
        { modelVersion: "g-1", candidates: [{ finishReason: "STOP" }], usageMetadata },
      ];
      const usage = { input: 9, cacheRead: 4, output: 11, reasoning: 5, inputAudio: 2 };
      expect(read(route, sse(...chunks))).toMatchObject({ usage, model: "g-1" });
      expect(read(route, sse(...chunks), 1, false).usage).toBeUndefined();
      const array = `[${chunks.map((each) => JSON.stringify(each, undefined, 2)).join(",\r\n")}\n]`;
      for (const pieces of [1, 7, array.length])
        expect(read(route, array, pieces).usage).toMatchObject(usage);
      expect(read(route, sse(chunks[0]!)).usage).toBeUndefined();
    },
  );

  it("is found whatever the form of the stream: no space, CRLF, several data lines, comments, split characters", () => {
    const text = [
      ": hi é",
      "event:message_start",
      'data:{"type":"message_start","message":{"model":"mé",',
      'data:"usage":{"input_tokens":3,"output_tokens":1}}}',
      "",
      'data:{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}',
      "",
      "",
    ].join("\r\n");
    for (const pieces of [1, 5, Buffer.byteLength(text)]) {
      expect(read("messages", text, pieces)).toMatchObject({ usage: { input: 3, output: 2 }, model: "mé" });
    }
  });

  it("is none where nothing of the kind comes, whatever comes", () => {
    for (const text of [
      "",
      "\n",
      "null",
      "[]",
      "{",
      "}{",
      '{"usage":5}',
      "data: {\n\n",
      "data: null\n\n",
      'data: {"type":"message_delta"}\n\n',
      "\u0000\ufffd",
    ]) {
      for (const route of [
        "responses",
        "chat_completions",
        "messages",
        "generate_content",
        "count_tokens",
      ] as const) {
        expect(read(route, text).usage).toBeUndefined();
      }
    }
    const negative = { type: "message", usage: { input_tokens: -1, output_tokens: 1.5 } };
    expect(read("messages", JSON.stringify(negative)).usage).toBeUndefined();
  });

  it("is found behind texts of any length, within a bounded memory", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const used = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const piece = Buffer.from(String.raw`\u00e9\\\"x`.repeat(5_000));
    const meter = meterFor("generate_content", () => undefined);
    meter.push(Buffer.from('{"candidates":[{"finishReason":"STOP","text":"'));
    const before = used();
    for (let at = 0; at < 200; at += 1) meter.push(piece);
    expect(used() - before).toBeLessThan((piece.length * 200) / 4);
    meter.push(Buffer.from('"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":4}}'));
    expect(meter.end(true).usage).toMatchObject({ input: 3, output: 4 });
  });
});

describe("ids of what the provider keeps", () => {
  it("are taken from where the provider puts them, and not from what the model wrote", () => {
    const output = [
      { id: "rs_1", type: "reasoning" },
      { id: "fc_1", type: "function_call", arguments: '{"id":"file_evil"}' },
      {
        id: "msg_1",
        content: [
          {
            type: "output_text",
            text: "file_evil",
            annotations: [{ file_id: "cfile_1", container_id: "cntr_1" }],
          },
        ],
      },
    ];
    const event = {
      type: "response.completed",
      response: { id: "resp_1", conversation: { id: "conv_1" }, metadata: { id: "file_evil" }, output },
    };
    expect(read("responses", sse(event)).ids.sort()).toEqual([
      "cfile_1",
      "cntr_1",
      "conv_1",
      "fc_1",
      "msg_1",
      "resp_1",
      "rs_1",
    ]);
    const tool = { type: "tool_use", id: "toolu_1", input: { id: "file_evil", file_id: "file_evil" } };
    const made = { type: "bash_code_execution_tool_result", content: { content: [{ file_id: "file_1" }] } };
    const whole = { type: "message", id: "msg_2", container: { id: "container_1" }, content: [tool, made] };
    expect(read("messages", JSON.stringify(whole)).ids.sort()).toEqual(["container_1", "file_1", "msg_2"]);
  });

  it("are remembered up to a number, the last ones", () => {
    const known = new KnownIds(3);
    for (const id of ["a", "b", "c", "a", "d"]) known.add(id);
    expect(["a", "b", "c", "d"].map((id) => known.has(id))).toEqual([true, false, true, true]);
  });
});
