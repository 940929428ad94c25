/** The bodies of Gemini's generateContent. Google reads each key in two spellings: camelCase and snake_case. */
import { beginningOf, itemsOf, type JsonDocument, type JsonNode, listOf, valueOf } from "../json/node.ts";
import { replaced, type Splice, withMember } from "../json/splice.ts";
import type { BodyReader } from "./asked.ts";
import { wholeNumber, word } from "./fields.ts";
import type { Findings } from "./findings.ts";
import { shownType } from "./openai-parts.ts";
import { Refusal } from "./refusal.ts";
import { type Found, placeText } from "./walk.ts";

const KEYS = [
  "model",
  "contents",
  "tools",
  "generationConfig",
  "maxOutputTokens",
  "candidateCount",
  "thinkingConfig",
  "thinkingBudget",
  "serviceTier",
  "cachedContent",
  "continuationToken",
  "modelSelectionConfig",
  "routingConfig",
  "inlineData",
  "fileData",
  "fileUri",
  "functionDeclarations",
];

/** Schemas, arguments and results of functions. */
const OPAQUE = [
  "args",
  "response",
  "parameters",
  "parametersJsonSchema",
  "responseSchema",
  "responseJsonSchema",
  "labels",
  "partMetadata",
];

/** Tiers at the usual price. */
const USUAL_TIER = /^(standard|service_tier_(standard|unspecified))$/i;

/** Tools of a search, which may be called by a name that all providers share. */
const SEARCH = /^(google_search|google_search_retrieval|enterprise_web_search|.*_search)$/;

export const geminiReader: BodyReader = {
  watched: KEYS.flatMap(spellings),
  opaque: new Set(OPAQUE.flatMap(spellings)),
  read(document, objects, findings) {
    const { root } = document;
    checkSettings(document, findings);
    for (const found of objects) checkPart(document, found, findings);
    const config = either(root, "generationConfig");
    const choices = numberIn(document, config, "candidateCount") ?? 1;
    if (choices < 1 || choices > 128)
      throw new Refusal("bad_request", "The body's candidateCount must be 1 to 128.");
    const budget = thinkingBudget(document, config);
    return {
      model: word(document, root, "model"),
      // The route says so.
      stream: false,
      choices,
      askedOutput: numberIn(document, config, "maxOutputTokens"),
      leastOutput: budget === undefined ? undefined : budget + 1,
      messages: itemsOf(valueOf(root, "contents")).length,
      splices: [],
      cap: (tokens) => [
        config?.kind === "object"
          ? withMember(config, spelled(config, "maxOutputTokens"), String(tokens))
          : configWith(document, tokens),
      ],
    };
  },
};

/** The tokens of thinking that are asked for; undefined where the model chooses. */
function thinkingBudget(document: JsonDocument, config: JsonNode | undefined): number | undefined {
  const thinking = either(config, "thinkingConfig");
  const budget = either(thinking, "thinkingBudget");
  if (budget === undefined || document.bytes[budget.start] === 0x2d) return undefined;
  return numberIn(document, thinking, "thinkingBudget");
}

function configWith({ root }: JsonDocument, tokens: number): Splice {
  const empty = root.members.find(({ key }) => spellings("generationConfig").includes(key));
  const json = `{"maxOutputTokens":${tokens}}`;
  if (empty === undefined) return withMember(root, "generationConfig", json);
  if (empty.value.kind !== "null")
    throw new Refusal("bad_request", "The body's generationConfig must be an object.");
  return replaced(empty.value, json);
}

function checkSettings(document: JsonDocument, findings: Findings): void {
  const { root } = document;
  const config = either(root, "generationConfig");
  const tier = word(document, root, spelled(root, "serviceTier"));
  if (tier !== undefined && !USUAL_TIER.test(tier))
    findings.boundless(`serviceTier = "${tier.slice(0, 40)}", which has another price`, "Leave it out.");
  for (const key of ["modelSelectionConfig", "routingConfig"]) {
    if ((either(root, key) ?? either(config, key)) !== undefined)
      findings.boundless(`${key}, which may choose another model`, "Leave it out.");
  }
}

/** What an object of the body can do, whatever it lies in. */
function checkPart({ bytes }: JsonDocument, { object, place }: Found, findings: Findings): void {
  for (const { key, value } of object.members) {
    const name = camel(key);
    if (name === "tools") {
      for (const [at, tool] of listOf(value).entries())
        checkTool(tool, placeText({ parent: { parent: place, step: key }, step: at }), findings);
    } else if (name === "inlineData" && value.kind === "object") findings.media("an image or file");
    else if (name === "cachedContent" || name === "continuationToken")
      findings.storedId(value, placeText(place, key));
    else if (name === "fileUri" && value.kind === "string") {
      const isStored = /(^|\/)files\//.test(beginningOf(bytes, value, 200) ?? "");
      if (isStored) findings.storedId(value, placeText(place, key));
      else findings.url(placeText(place, key));
      findings.media("a file");
    }
  }
}

/** A tool is an object with a key for each kind. */
function checkTool(tool: JsonNode, place: string, findings: Findings): void {
  if (tool.kind !== "object") return;
  for (const { key, value } of tool.members) {
    if (value.kind === "null" || camel(key) === "functionDeclarations") continue;
    const name = shownType(snake(key));
    if (!SEARCH.test(name) || name === "file_search") {
      findings.hostedTool(name === "mcp_servers" ? ["mcp", name] : [name], place, "");
      continue;
    }
    findings.hostedTool(["web_search", name], place, "");
    findings.searches(undefined);
  }
}

function numberIn(document: JsonDocument, parent: JsonNode | undefined, key: string): number | undefined {
  return parent === undefined ? undefined : wholeNumber(document, parent, spelled(parent, key));
}

/** The value in whichever spelling it has. */
function either(parent: JsonNode | undefined, key: string): JsonNode | undefined {
  return parent === undefined ? undefined : valueOf(parent, spelled(parent, key));
}

/** The spelling that an object uses, or the one that Google documents. */
function spelled(parent: JsonNode, key: string): string {
  if (parent.kind !== "object") return key;
  return parent.members.find((member) => spellings(key).includes(member.key))?.key ?? key;
}

function spellings(key: string): string[] {
  return [...new Set([key, snake(key)])];
}

function snake(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camel(key: string): string {
  return key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
