/** The bodies of Anthropic's Messages. */
import {
  itemsOf,
  type JsonDocument,
  type JsonNode,
  type JsonObject,
  listOf,
  textOf,
  valueOf,
} from "../json/node.ts";
import { withMember } from "../json/splice.ts";
import type { BodyReader } from "./asked.ts";
import { flag, wholeNumber, word } from "./fields.ts";
import type { Findings } from "./findings.ts";
import { shownType } from "./openai-parts.ts";
import { type Found, placeText } from "./walk.ts";

/** Tools that the client runs; the provider describes those with a date to the model itself. */
const CLIENT_TOOL = /^(bash|computer|computer_toolset|text_editor|memory)_\d{8}$/;

/** Tools that run at the provider, by how their types begin. */
const HOSTED = ["web_search", "web_fetch", "code_execution", "tool_search", "advisor", "mcp"] as const;

/** Settings under which the price data's rates do not hold, and the values under which they do. */
const USUAL: Readonly<Record<string, readonly string[]>> = {
  service_tier: ["auto", "standard_only"],
  speed: ["standard"],
  inference_geo: ["global"],
};

/** What costs more than one answer, or is charged elsewhere. */
const BOUNDLESS: Readonly<Record<string, string>> = {
  fallbacks: "may answer with another model",
  compaction: "writes summaries beside the answer",
  billing_policy: "charges somebody else",
  fallback_credit_token: "charges in another way",
};

export const messagesReader: BodyReader = {
  watched: [
    "model",
    "stream",
    "max_tokens",
    "messages",
    "thinking",
    "budget_tokens",
    "max_uses",
    "tools",
    "tool",
    "definition",
    "type",
    "source",
    "file_id",
    "container",
    "skills",
    "mcp_servers",
    "context_management",
    "edits",
    "thread",
    "previous_message_id",
    "cache_control",
    "caching",
    "ttl",
    ...Object.keys(USUAL),
    ...Object.keys(BOUNDLESS),
  ],
  opaque: new Set(["input", "input_schema", "schema", "metadata"]),
  read(document, objects, findings) {
    const { bytes, root } = document;
    checkSettings(document, findings);
    for (const found of objects) checkPart(document, found, findings);
    const thinking = valueOf(root, "thinking");
    const budget = thinking === undefined ? undefined : wholeNumber(document, thinking, "budget_tokens");
    const edits = itemsOf(valueOf(valueOf(root, "context_management"), "edits"));
    if (edits.some((edit) => !isClearing(bytes, edit)))
      findings.boundless("context_management, which writes summaries beside the answer", "Leave it out.");
    return {
      model: word(document, root, "model"),
      stream: flag(root, "stream"),
      choices: 1,
      askedOutput: wholeNumber(document, root, "max_tokens"),
      // The provider wants room for an answer behind the thinking.
      leastOutput: budget === undefined ? undefined : budget + 1,
      messages: itemsOf(valueOf(root, "messages")).length,
      splices: [],
      cap: (tokens) => [withMember(root, "max_tokens", String(tokens))],
    };
  },
};

function isClearing(bytes: Buffer, edit: JsonNode): boolean {
  return textOf(bytes, valueOf(edit, "type"))?.startsWith("clear_") === true;
}

function checkSettings(document: JsonDocument, findings: Findings): void {
  const { root } = document;
  for (const [key, usual] of Object.entries(USUAL)) {
    const value = word(document, root, key);
    if (value !== undefined && !usual.includes(value))
      findings.boundless(`${key} = "${value.slice(0, 40)}", which has another price`, `Leave ${key} out.`);
  }
  for (const [key, what] of Object.entries(BOUNDLESS)) {
    const value = valueOf(root, key);
    if (value !== undefined && !(value.kind === "array" && value.items.length === 0))
      findings.boundless(`${key}, which ${what}`, `Leave ${key} out.`);
  }
  if (itemsOf(valueOf(root, "mcp_servers")).length > 0) findings.hostedTool(["mcp"], "mcp_servers", "");
  const container = valueOf(root, "container");
  if (container === undefined) return;
  findings.hostedTool(["code_execution"], "container", "");
  findings.storedId(container.kind === "object" ? valueOf(container, "id") : container, "container");
}

/** What an object of the body can do, whatever it lies in. */
function checkPart(document: JsonDocument, { object, place }: Found, findings: Findings): void {
  const { bytes } = document;
  for (const { key, value } of object.members) {
    if (key === "tools") {
      for (const [at, tool] of listOf(value).entries())
        checkTool(document, tool, placeText({ parent: { parent: place, step: key }, step: at }), findings);
    } else if (key === "definition" && value.kind === "object")
      checkTool(document, value, placeText(place, key), findings);
    else if (key === "source") checkSource(bytes, value, placeText(place, key), findings);
    else if (key === "file_id") {
      findings.storedId(value, placeText(place, key));
      findings.media("a file");
    } else if (key === "previous_message_id") {
      // A thread goes on from the message, and diagnostics only compare with it.
      findings.storedId(value, placeText(place, key), place.step === "thread");
    } else if (key === "cache_control" || key === "caching") checkCache(bytes, value, findings);
  }
  if (textOf(bytes, valueOf(object, "type")) === "container_upload")
    findings.hostedTool(["code_execution"], placeText(place), "");
}

function checkTool(document: JsonDocument, tool: JsonNode, place: string, findings: Findings): void {
  const type = textOf(document.bytes, valueOf(tool, "type")) ?? "custom";
  if (type === "custom") return;
  if (CLIENT_TOOL.test(type)) {
    findings.providerTools += 1;
    return;
  }
  const family = HOSTED.find((name) => type === name || type.startsWith(`${name}_`));
  findings.hostedTool(family === undefined ? [shownType(type)] : [family, type], place, "");
  if (family === "web_search") findings.searches(wholeNumber(document, tool, "max_uses"));
}

function checkSource(bytes: Buffer, source: JsonNode, place: string, findings: Findings): void {
  if (source.kind !== "object") return;
  const type = textOf(bytes, valueOf(source, "type"));
  if (type === "url" || hasUrl(source)) findings.url(place);
  else if (type !== "text" && type !== "content") findings.media("an image or document");
}

function hasUrl(source: JsonObject): boolean {
  return valueOf(source, "url") !== undefined;
}

/** A cache entry lives for five minutes where nothing else is said. */
function checkCache(bytes: Buffer, control: JsonNode, findings: Findings): void {
  if (control.kind !== "object") return;
  const ttl = valueOf(control, "ttl");
  const isShort = ttl === undefined || textOf(bytes, ttl) === "5m";
  if (!isShort) findings.cacheWrite = "1h";
  else if (findings.cacheWrite === "none") findings.cacheWrite = "5m";
}
