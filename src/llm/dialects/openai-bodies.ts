/** The bodies of OpenAI's Responses and Chat Completions. */
import { itemsOf, type JsonNode, type JsonObject, textOf, valueOf } from "../json/node.ts";
import { type Splice, withMember } from "../json/splice.ts";
import type { Asked, BodyReader } from "./asked.ts";
import { flag, least, wholeNumber, word } from "./fields.ts";
import type { Findings } from "./findings.ts";
import {
  checkOpenAiPart,
  checkSearchModel,
  checkTier,
  OPENAI_OPAQUE,
  OPENAI_WATCHED,
} from "./openai-parts.ts";
import { Refusal } from "./refusal.ts";
import { type Found, placeText } from "./walk.ts";

export const responsesReader: BodyReader = {
  watched: [
    ...OPENAI_WATCHED,
    "max_output_tokens",
    "max_tool_calls",
    "background",
    "previous_response_id",
    "conversation",
    "context_management",
    "prompt",
    "input",
  ],
  opaque: OPENAI_OPAQUE,
  read(document, objects, findings) {
    const { bytes, root } = document;
    const model = word(document, root, "model");
    const askedOutput = wholeNumber(document, root, "max_output_tokens");
    checkSearchModel(model, findings);
    checkTier(document, findings);
    if (flag(root, "background"))
      findings.boundless("background = true, which outlives the request", "Leave background out.");
    if (itemsOf(valueOf(root, "context_management")).length > 0)
      findings.boundless("context_management, which writes summaries beside the answer", "Leave it out.");
    findings.storedId(valueOf(root, "previous_response_id"), "previous_response_id");
    checkConversation(valueOf(root, "conversation"), findings);
    findings.storedId(valueOf(valueOf(root, "prompt"), "id"), "prompt.id");
    for (const found of objects) {
      checkOpenAiPart(document, found, findings);
      checkItem(bytes, found, findings);
    }
    limitSearches(wholeNumber(document, root, "max_tool_calls"), findings);
    findings.cacheWrite = "5m";
    return {
      model,
      stream: flag(root, "stream"),
      choices: 1,
      askedOutput,
      leastOutput: undefined,
      messages: itemsOf(valueOf(root, "input")).length,
      splices: [],
      cap: (tokens) => [withMember(root, "max_output_tokens", String(tokens))],
    };
  },
};

export const chatReader: BodyReader = {
  watched: [
    ...OPENAI_WATCHED,
    "max_tokens",
    "max_completion_tokens",
    "n",
    "stream_options",
    "include_usage",
    "web_search_options",
    "messages",
  ],
  opaque: OPENAI_OPAQUE,
  read(document, objects, findings) {
    const { root } = document;
    const model = word(document, root, "model");
    const choices = wholeNumber(document, root, "n") ?? 1;
    if (choices < 1 || choices > 128) throw new Refusal("bad_request", "The body's n must be 1 to 128.");
    const stream = flag(root, "stream");
    const capKeys = ["max_completion_tokens", "max_tokens"].filter(
      (key) => wholeNumber(document, root, key) !== undefined,
    );
    checkSearchModel(model, findings);
    checkTier(document, findings);
    if (valueOf(root, "web_search_options") !== undefined) {
      findings.hostedTool(["web_search"], "web_search_options", "Leave web_search_options out");
      findings.searches(undefined);
    }
    for (const found of objects) checkOpenAiPart(document, found, findings);
    findings.cacheWrite = "5m";
    return {
      model,
      stream,
      choices,
      askedOutput: least(...capKeys.map((key) => wholeNumber(document, root, key))),
      leastOutput: undefined,
      messages: itemsOf(valueOf(root, "messages")).length,
      splices: stream ? includeUsage(root) : [],
      // Newer models refuse max_tokens, so it is written only where the client has it.
      cap: (tokens) =>
        (capKeys.length === 0 ? ["max_completion_tokens"] : capKeys).map((key) =>
          withMember(root, key, String(tokens)),
        ),
    } satisfies Asked;
  },
};

/** A conversation is an id, or an object with one. */
function checkConversation(node: JsonNode | undefined, findings: Findings): void {
  findings.storedId(node?.kind === "object" ? valueOf(node, "id") : node, "conversation");
}

/** Items of an input that stand for what the provider has stored. */
function checkItem(bytes: Buffer, { object, place }: Found, findings: Findings): void {
  const id = valueOf(object, "id");
  const type = textOf(bytes, valueOf(object, "type"));
  if (type === "compaction_trigger")
    findings.boundless(`${placeText(place)}: compaction_trigger writes a summary`, "Leave it out.");
  if (id === undefined) return;
  const isReference =
    type === "item_reference" ||
    (type === "reasoning" && valueOf(object, "encrypted_content")?.kind !== "string") ||
    (type === "image_generation_call" && valueOf(object, "result")?.kind !== "string") ||
    // Without a type, an item with nothing but an id is a reference, too.
    (type === undefined && isInputItem(place) && valueOf(object, "content") === undefined);
  if (isReference) findings.storedId(id, placeText(place, "id"));
}

function isInputItem({ step, parent }: Found["place"]): boolean {
  return typeof step === "number" && parent?.step === "input" && parent.parent?.parent === undefined;
}

function limitSearches(most: number | undefined, findings: Findings): void {
  if (most !== undefined && findings.webSearches > 0) findings.webSearches = most;
}

/** Streams say what was used only where the client asks for it. */
function includeUsage(root: JsonObject): Splice[] {
  const options = valueOf(root, "stream_options");
  if (options === undefined) return [withMember(root, "stream_options", '{"include_usage":true}')];
  if (options.kind !== "object")
    throw new Refusal("bad_request", "The body's stream_options must be an object.");
  return flag(options, "include_usage") ? [] : [withMember(options, "include_usage", "true")];
}
