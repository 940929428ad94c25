/** Tools and contents as both of OpenAI's routes have them. */
import { type JsonDocument, type JsonObject, listOf, textOf, valueOf } from "../json/node.ts";
import { word } from "./fields.ts";
import type { Findings } from "./findings.ts";
import { type Found, type Place, placeText } from "./walk.ts";

/** Schemas, arguments and what the client notes for itself. */
export const OPENAI_OPAQUE: ReadonlySet<string> = new Set([
  "parameters",
  "arguments",
  "input_schema",
  "output_schema",
  "schema",
  "json_schema",
  "metadata",
  "logit_bias",
  "env",
  "headers",
]);

export const OPENAI_WATCHED: readonly string[] = [
  "model",
  "stream",
  "service_tier",
  "tools",
  "type",
  "id",
  "audio",
  "container",
  "container_id",
  "environment",
  "execution",
  "encrypted_content",
  "file_data",
  "file_id",
  "file_ids",
  "file_url",
  "image_url",
  "input_audio",
  "result",
  "skill_id",
  "url",
  "vector_store_id",
  "vector_store_ids",
];

/** Tools that the client runs itself. */
const CLIENT_TOOLS = /^(function|custom|namespace|local_shell|apply_patch)$/;
/** Of those, the ones that the provider describes to the model itself. */
const DESCRIBED = /^(local_shell|apply_patch|shell)$/;
const WEB_SEARCH = /^web_search/;

const HOW_TO_STOP_SEARCH =
  'Turn it off in the agent (codex: web_search = "disabled" at the top of config.toml)';

/** Keys that hold the id of something stored, or a list of them. */
const STORED = ["file_id", "file_ids", "container_id", "skill_id", "vector_store_id", "vector_store_ids"];

/** Tiers at the usual price. */
const USUAL_TIERS = new Set(["auto", "default"]);

/** A `service_tier` at another price. */
export function checkTier(document: JsonDocument, findings: Findings): void {
  const tier = word(document, document.root, "service_tier");
  if (tier === undefined || USUAL_TIERS.has(tier)) return;
  findings.boundless(`service_tier = "${tier.slice(0, 40)}"`, "Leave service_tier out.");
}

/** Some models search by themselves. */
export function checkSearchModel(model: string | undefined, findings: Findings): void {
  if (model === undefined || !/-search-|-deep-research/.test(model)) return;
  findings.hostedTool(["web_search"], `the model ${model.slice(0, 100)}`, "Use another model");
  findings.searches(undefined);
}

/** What an object of the body can do, whatever it lies in. */
export function checkOpenAiPart({ bytes }: JsonDocument, { object, place }: Found, findings: Findings): void {
  for (const { key, value } of object.members) {
    if (key === "tools") {
      for (const [at, tool] of listOf(value).entries()) {
        if (tool.kind === "object")
          checkTool(bytes, tool, { parent: { parent: place, step: key }, step: at }, findings);
      }
    } else if (STORED.includes(key)) {
      for (const id of listOf(value)) findings.storedId(id, placeText(place, key));
      if (value.kind !== "null") findings.media("a file");
    } else if (key === "image_url") {
      const url = value.kind === "object" ? valueOf(value, "url") : value;
      findings.urlOrData(url, placeText(place, key), "an image");
    } else if (key === "file_url" && value.kind === "string") findings.url(placeText(place, key));
    else if (key === "file_data" || key === "input_audio") findings.media("a file or sound");
    else if (key === "container" && value.kind === "string") findings.storedId(value, placeText(place, key));
    else if (key === "audio" && place.parent !== undefined)
      findings.storedId(valueOf(value, "id"), placeText(place, "audio.id"));
  }
}

function checkTool(bytes: Buffer, tool: JsonObject, place: Place, findings: Findings): void {
  const type = textOf(bytes, valueOf(tool, "type")) ?? "function";
  if (DESCRIBED.test(type)) findings.providerTools += 1;
  if (CLIENT_TOOLS.test(type)) return;
  if (WEB_SEARCH.test(type)) {
    findings.hostedTool(["web_search", type], placeText(place), HOW_TO_STOP_SEARCH);
    findings.searches(undefined);
  } else if (type === "shell") checkShell(bytes, tool, place, findings);
  else if (type === "tool_search") {
    if (textOf(bytes, valueOf(tool, "execution")) !== "client")
      findings.hostedTool(["tool_search"], placeText(place), "");
  } else if (type.startsWith("computer")) findings.hostedTool(["computer_use", type], placeText(place), "");
  else findings.hostedTool([shownType(type)], placeText(place), "");
}

/** A shell runs at the client only where its environment says so. */
function checkShell(bytes: Buffer, tool: JsonObject, place: Place, findings: Findings): void {
  const environment = valueOf(tool, "environment");
  if (environment === undefined || textOf(bytes, valueOf(environment, "type")) === "local") return;
  findings.hostedTool(["shell"], placeText(place), "");
}

/** Whatever a client has written, as `hosted` would name it. */
export function shownType(type: string): string {
  return type.slice(0, 60).replaceAll(/[^\w.:-]/g, "?");
}
