// What costs more than can be said before, and what the provider has stored: the ways round a budget.
import { describe, expect, it } from "vitest";
import { judged, type Path, refusalOf } from "./judging.ts";

const IMAGE = "data:image/png;base64,iVBORw0KGgo=";

function user(...content: object[]): object {
  return { messages: [{ role: "user", content }] };
}

function input(...content: object[]): object {
  return { input: [{ role: "user", content }] };
}

function contents(...parts: object[]): object {
  return { contents: [{ role: "user", parts }] };
}

describe("hosted tools", () => {
  it.each<[Path, object, string]>([
    ["responses", { tools: [{ type: "web_search" }] }, "web_search"],
    ["responses", { tools: [{ type: "web_search", external_web_access: false }] }, "web_search"],
    ["responses", { tools: [{ type: "web_search_preview_2025_03_11" }] }, "web_search"],
    ["responses", { tools: [{ type: "file_search", vector_store_ids: [] }] }, "file_search"],
    ["responses", { tools: [{ type: "code_interpreter", container: { type: "auto" } }] }, "code_interpreter"],
    ["responses", { tools: [{ type: "computer_use_preview" }] }, "computer_use"],
    ["responses", { tools: [{ type: "image_generation" }] }, "image_generation"],
    ["responses", { tools: [{ type: "shell", environment: { type: "container_auto" } }] }, "shell"],
    ["responses", { tools: [{ type: "tool_search" }] }, "tool_search"],
    ["responses", { tools: [{ type: "from_next_year" }] }, "from_next_year"],
    ["responses", { tools: { type: "web_search" } }, "web_search"],
    ["responses", { input: [{ type: "additional_tools", tools: [{ type: "web_search" }] }] }, "web_search"],
    ["responses", { model: "o3-deep-research" }, "web_search"],
    ["chat", { web_search_options: {} }, "web_search"],
    ["chat", { model: "gpt-4o-search-preview" }, "web_search"],
    ["messages", { tools: [{ type: "web_search_20250305", name: "web_search" }] }, "web_search"],
    ["messages", { tools: [{ type: "web_fetch_20250910", name: "web_fetch" }] }, "web_fetch"],
    ["messages", { tools: [{ type: "code_execution_20250825", name: "c" }] }, "code_execution"],
    ["messages", { tools: [{ type: "tool_search_tool_bm25", name: "t" }] }, "tool_search"],
    ["messages", { tools: [{ type: "advisor_20260301", model: "x" }] }, "advisor"],
    ["messages", { tools: [{ type: "from_next_year_20270101" }] }, "from_next_year_20270101"],
    ["messages", { container: { skills: [{ skill_id: "pdf" }] } }, "code_execution"],
    ["messages", user({ type: "container_upload" }), "code_execution"],
    [
      "messages",
      user({
        type: "tool_addition",
        tool: { type: "tool_definition", definition: { type: "web_search_20250305" } },
      }),
      "web_search",
    ],
    ["gemini", { tools: [{ googleSearch: {} }] }, "web_search"],
    ["gemini", { tools: [{ google_search_retrieval: {} }] }, "web_search"],
    ["gemini", { tools: [{ functionDeclarations: [], codeExecution: {} }] }, "code_execution"],
    ["gemini", { tools: [{ urlContext: {} }] }, "url_context"],
    ["gemini", { tools: [{ fileSearch: {} }] }, "file_search"],
    ["gemini", { tools: [{ computerUse: {} }] }, "computer_use"],
    ["gemini", { tools: [{ googleMaps: {} }] }, "google_maps"],
    ["gemini", { tools: { googleSearch: {} } }, "web_search"],
  ])("are refused where they have no bound: %s %j", (path, body, name) => {
    const refusal = refusalOf(path, body);
    expect(refusal).toMatch(/^unbounded: /);
    expect(refusal).toContain(`allow it with hosted = ["${name}"] in [profiles.llm]`);
    const inexact = judged(path, body, { exact: false });
    expect(inexact.unbounded.join()).toContain(`${name} runs at the provider`);
    const allowed = judged(path, body, { hosted: [name] });
    expect(allowed.unbounded).toEqual(inexact.unbounded);
    expect(allowed.beyondBytes).toBe(`the tool ${name}`);
  });

  it("tell an operator of codex what to set", () => {
    expect(refusalOf("responses", { tools: [{ type: "function" }, { type: "web_search" }] })).toBe(
      'unbounded: tools[1]: web_search runs at the provider: its cost cannot be bounded, and this profile refuses what cannot be (exact = true in [profiles.llm]). Turn it off in the agent (codex: web_search = "disabled" at the top of config.toml), or allow it with hosted = ["web_search"] in [profiles.llm]. Do not send the request again as it is.',
    );
  });

  it("are found by what their names mean, not by how they are written", () => {
    const body = '{"model":"gpt-5","t\\u006fols":[{"type":"web\\u005fsearch"}]}';
    expect(refusalOf("responses", body)).toContain('hosted = ["web_search"]');
  });

  it("reserve their searches", () => {
    const hosted = ["web_search"];
    expect(judged("responses", { tools: [{ type: "web_search" }] }, { hosted }).webSearches).toBe(10);
    const limited = { tools: [{ type: "web_search" }], max_tool_calls: 3 };
    expect(judged("responses", limited, { hosted }).webSearches).toBe(3);
    const tools = [{ type: "web_search_20250305", name: "web_search", max_uses: 8 }];
    expect(judged("messages", { tools }, { hosted }).webSearches).toBe(8);
    expect(judged("messages", {}, { hosted }).webSearches).toBe(0);
  });

  it.each<[Path, object]>([
    ["responses", { type: "mcp", server_label: "x", server_url: "https://mcp.example" }],
    ["messages", { type: "mcp_toolset", mcp_server_name: "x" }],
  ])("include remote MCP: %s %j", (path, tool) => {
    expect(refusalOf(path, { tools: [tool] })).toMatch(/^unbounded: .*hosted = \["mcp"\]/);
  });

  it("include remote MCP servers of Anthropic and Gemini", () => {
    expect(refusalOf("messages", { mcp_servers: [{ type: "url", url: "https://m" }] })).toMatch(/"mcp"/);
    expect(refusalOf("messages", { mcp_servers: [] })).toBeUndefined();
    expect(refusalOf("gemini", { tools: [{ mcpServers: [{}] }] })).toMatch(/"mcp"/);
  });

  it.each<[Path, object]>([
    ["responses", { type: "function", name: "f", parameters: {} }],
    ["responses", { type: "custom", name: "f" }],
    ["responses", { type: "local_shell" }],
    ["responses", { type: "apply_patch" }],
    ["responses", { type: "shell", environment: { type: "local" } }],
    ["responses", { type: "tool_search", execution: "client" }],
    ["responses", { type: "namespace", name: "n", tools: [{ type: "function", name: "f" }] }],
    ["chat", { type: "function", function: { name: "f", parameters: {} } }],
    ["messages", { name: "f", input_schema: {} }],
    ["messages", { type: "custom", name: "f", input_schema: {} }],
    ["messages", { type: "bash_20250124", name: "bash" }],
    ["messages", { type: "text_editor_20250728", name: "e" }],
    ["messages", { type: "computer_20250124", name: "computer" }],
    ["messages", { type: "memory_20250818", name: "memory" }],
    ["gemini", { functionDeclarations: [{ name: "f" }] }],
    ["gemini", { function_declarations: [{ name: "f" }], googleSearch: null }],
  ])("are not the client's own: %s %j", (path, tool) => {
    expect(refusalOf(path, { tools: [tool] })).toBeUndefined();
  });

  it("run nowhere in counting calls", () => {
    expect(refusalOf("count", { tools: [{ type: "web_search_20250305" }], speed: "fast" })).toBeUndefined();
    expect(refusalOf("inputTokens", { tools: [{ type: "web_search" }] })).toBeUndefined();
    expect(refusalOf("geminiCount", { tools: [{ googleSearch: {} }] })).toBeUndefined();
  });
});

describe("other prices and answers beside the answer", () => {
  it.each<[Path, object]>([
    ["responses", { service_tier: "priority" }],
    ["responses", { service_tier: "flex" }],
    ["responses", { background: true }],
    ["responses", { context_management: [{ type: "compaction" }] }],
    ["responses", { input: [{ type: "compaction_trigger" }] }],
    ["chat", { service_tier: "scale" }],
    ["messages", { service_tier: "priority" }],
    ["messages", { speed: "fast" }],
    ["messages", { inference_geo: "us" }],
    ["messages", { fallbacks: [{ model: "claude-fable-5" }] }],
    ["messages", { fallbacks: "default" }],
    ["messages", { compaction: { type: "summarize" } }],
    ["messages", { context_management: { edits: [{ type: "compact_20260112" }] } }],
    ["messages", { billing_policy: { type: "billing_policy" } }],
    ["gemini", { serviceTier: "priority" }],
    ["gemini", { service_tier: "flex" }],
    ["gemini", { routingConfig: {} }],
    ["gemini", { generationConfig: { modelSelectionConfig: {} } }],
  ])("are refused: %s %j", (path, body) => {
    expect(refusalOf(path, body)).toMatch(/^unbounded: .* Do not send the request again as it is\.$/);
    expect(judged(path, body, { exact: false }).unbounded).toHaveLength(1);
  });

  it.each<[Path, object]>([
    ["responses", { service_tier: "auto", background: false, context_management: null }],
    ["chat", { service_tier: "default" }],
    ["messages", { service_tier: "standard_only", speed: "standard", inference_geo: null, fallbacks: [] }],
    ["messages", { context_management: { edits: [{ type: "clear_thinking_20251015" }] } }],
    ["gemini", { serviceTier: "SERVICE_TIER_STANDARD" }],
  ])("are not meant by the usual values: %s %j", (path, body) => {
    expect(judged(path, body).unbounded).toEqual([]);
  });
});

describe("URL inputs", () => {
  it.each<[Path, object]>([
    ["responses", input({ type: "input_image", image_url: "https://evil.example/a.png" })],
    ["responses", input({ type: "input_image", image_url: "HTTP://evil.example/a.png" })],
    ["responses", input({ type: "input_file", file_url: "https://evil.example/a.pdf" })],
    ["responses", { input: [{ type: "computer_call_output", output: { image_url: "https://e.example" } }] }],
    ["chat", user({ type: "image_url", image_url: { url: "https://evil.example/a.png" } })],
    ["messages", user({ type: "image", source: { type: "url", url: "https://evil.example/a.png" } })],
    ["messages", user({ type: "document", source: { url: "https://evil.example/a.pdf" } })],
    [
      "messages",
      user({ type: "tool_result", content: [{ type: "image", source: { type: "url", url: "https://e" } }] }),
    ],
    ["gemini", contents({ fileData: { fileUri: "https://evil.example/a.png" } })],
    ["gemini", contents({ file_data: { file_uri: "gs://bucket/a.png" } })],
    ["count", user({ type: "image", source: { type: "url", url: "https://evil.example/?secret" } })],
  ])("are refused, in counting calls too: %s %j", (path, body) => {
    expect(refusalOf(path, body)).toMatch(/^unbounded: .* is a URL that the provider fetches/);
    expect(judged(path, body, { exact: false }).unbounded).toHaveLength(1);
  });

  it.each<[Path, object]>([
    ["responses", input({ type: "input_image", image_url: IMAGE })],
    ["responses", input({ type: "input_file", file_data: "data:application/pdf;base64,AA==" })],
    ["chat", user({ type: "image_url", image_url: { url: IMAGE } })],
    ["chat", user({ type: "input_audio", input_audio: { data: "AA==", format: "wav" } })],
    ["messages", user({ type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } })],
    ["gemini", contents({ inlineData: { mimeType: "image/png", data: "AA==" } })],
    ["gemini", contents({ inline_data: { mime_type: "audio/wav", data: "AA==" } })],
  ])("are not what lies in the body, which the context window bounds: %s %j", (path, body) => {
    const request = judged(path, body);
    expect(request.unbounded).toEqual([]);
    expect(request.hasMedia).toBe(true);
    expect(request.beyondBytes).toBeDefined();
  });

  it("are no matter in texts", () => {
    const text = { type: "text", text: "see https://example.org and data:" };
    for (const request of [judged("messages", user(text)), judged("chat", user(text))])
      expect([request.hasMedia, request.beyondBytes]).toEqual([false, undefined]);
    const document = { type: "document", source: { type: "text", media_type: "text/plain", data: "x" } };
    expect(judged("messages", user(document)).hasMedia).toBe(false);
  });
});

describe("stored ids of another session", () => {
  it.each<[Path, object]>([
    ["responses", { previous_response_id: "ID" }],
    ["responses", { conversation: "ID" }],
    ["responses", { conversation: { id: "ID" } }],
    ["responses", { prompt: { id: "ID" } }],
    ["responses", { input: [{ type: "item_reference", id: "ID" }] }],
    ["responses", { input: [{ id: "ID" }] }],
    ["responses", { input: [{ type: "reasoning", id: "ID", summary: [] }] }],
    ["responses", { input: [{ type: "image_generation_call", id: "ID", result: null }] }],
    ["responses", input({ type: "input_image", file_id: "ID" })],
    ["chat", user({ type: "file", file: { file_id: "ID" } })],
    ["chat", { messages: [{ role: "assistant", audio: { id: "ID" } }] }],
    ["messages", user({ type: "document", source: { type: "file", file_id: "ID" } })],
    ["messages", { thread: { type: "continue", previous_message_id: "ID" } }],
    ["messages", { diagnostics: { previous_message_id: "ID" } }],
    ["gemini", { cachedContent: "ID" }],
    ["gemini", { cached_content: "ID" }],
    ["inputTokens", { previous_response_id: "ID" }],
  ])("are refused whatever the profile allows: %s %j", (path, body) => {
    const refusal = refusalOf(path, body, { exact: false });
    expect(refusal).toMatch(/^stored_id: .* this session did not receive it/);
    expect(judged(path, body, { knowsId: (id) => id === "ID" }).unbounded).toEqual([]);
  });

  it.each<[object, readonly string[]]>([
    [{ tools: [{ type: "code_interpreter", container: "ID" }] }, ["code_interpreter"]],
    [{ tools: [{ type: "code_interpreter", container: { file_ids: ["ID"] } }] }, ["code_interpreter"]],
    [{ tools: [{ type: "file_search", vector_store_ids: ["ID"] }] }, ["file_search"]],
  ])("are refused in tools that are allowed: %j", (body, hosted) => {
    expect(refusalOf("responses", body, { hosted })).toMatch(/^stored_id/);
    expect(refusalOf("responses", body, { hosted, knowsId: () => true })).toBeUndefined();
  });

  it("are refused in Anthropic's containers and Gemini's files", () => {
    const hosted = ["code_execution"];
    expect(refusalOf("messages", { container: "ID" }, { hosted })).toMatch(/^stored_id/);
    const uri = "https://generativelanguage.googleapis.com/v1beta/files/abc";
    expect(refusalOf("gemini", contents({ fileData: { fileUri: uri } }), { exact: false })).toMatch(
      /^stored_id/,
    );
  });

  it("are not the ids of what lies in the body itself", () => {
    const body = {
      previous_response_id: null,
      input: [
        { type: "message", id: "msg_1", role: "assistant", content: [{ type: "output_text", text: "x" }] },
        { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "abc" },
        { type: "reasoning", summary: [], encrypted_content: null },
        { type: "function_call", id: "fc_1", call_id: "c", name: "f", arguments: "{}" },
        { type: "function_call_output", call_id: "c", output: "x" },
      ],
    };
    expect(judged("responses", body).beyondBytes).toBeUndefined();
  });

  it("make the context window the bound where this session received them", () => {
    const request = judged("responses", { previous_response_id: "r" }, { knowsId: () => true });
    expect(request.beyondBytes).toMatch(/previous_response_id/);
  });

  it("are no strings of another kind", () => {
    expect(refusalOf("responses", { previous_response_id: ["ID"] })).toMatch(/^bad_request/);
  });
});
