/** What a request asks for, whether it may, and how it is capped. */
import { matchesGlob } from "../../name-glob.ts";
import type { JsonDocument } from "../json/node.ts";
import { parseJson } from "../json/parse.ts";
import { JsonFault } from "../json/scan.ts";
import { spliced } from "../json/splice.ts";
import { messagesReader } from "./anthropic-body.ts";
import type { Asked, BodyReader } from "./asked.ts";
import { Findings } from "./findings.ts";
import { geminiReader } from "./gemini-body.ts";
import { chatReader, responsesReader } from "./openai-bodies.ts";
import { Refusal } from "./refusal.ts";
import type { Judge, JudgedRequest, Route, RouteName } from "./types.ts";
import { objectsOf, WatchedKeys } from "./walk.ts";

/** Bytes of the largest body. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** A shorter answer is seldom of use, where the client has not asked for one. */
const LEAST_OUTPUT = 1_024;

// Tokens that a provider adds: to each message, to each tool that it describes itself, and around all of them.
const PER_MESSAGE = 16;
const PER_TOOL = 2_048;
const AROUND = 1_024;

const MODEL = /^[\w.:/-]{1,200}$/;

const READERS: Readonly<Partial<Record<RouteName, BodyReader>>> = {
  responses: responsesReader,
  input_tokens: responsesReader,
  chat_completions: chatReader,
  messages: messagesReader,
  count_tokens: messagesReader,
  generate_content: geminiReader,
  stream_generate_content: geminiReader,
  gemini_count_tokens: geminiReader,
};

const WATCHED = new Map(Object.values(READERS).map((reader) => [reader, new WatchedKeys(reader.watched)]));

/**
 * Judges the body of a request whose route is not `local`.
 *
 * @throws Refusal where it may not be sent.
 * @throws Error for a route without a body.
 */
export function judge(route: Route, body: Buffer, rules: Judge): JudgedRequest {
  const reader = READERS[route.name];
  if (reader === undefined) throw new Error(`the route ${route.name} has no body`);
  if (body.length > MAX_BODY_BYTES)
    throw new Refusal("too_large", `The body has more than ${MAX_BODY_BYTES} bytes. Send less.`);
  const document = read(body, reader.opaque);
  const objects = [...objectsOf(document)];
  WATCHED.get(reader)?.check(objects);
  const findings = new Findings(body, rules, route.kind === "count");
  const asked = reader.read(document, objects, findings);
  return judged(document, asked, findings, {
    model: allowedModel(route, asked, rules),
    stream: route.dialect === "gemini" ? route.name === "stream_generate_content" : asked.stream,
  });
}

function read(body: Buffer, opaque: ReadonlySet<string>): JsonDocument {
  try {
    return parseJson(body, (key) => opaque.has(key));
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new Refusal(
      "bad_request",
      `The body is not the JSON that agentd's gateway reads: ${error.message}.`,
    );
  }
}

function allowedModel(route: Route, { model: inBody }: Asked, { models }: Judge): string {
  const model = route.model ?? inBody;
  if (model === undefined) throw new Refusal("bad_request", "The body names no model.");
  if (inBody !== undefined && inBody !== model && inBody !== `models/${model}`)
    throw new Refusal("bad_request", "The body names another model than the path.");
  if (!MODEL.test(model))
    throw new Refusal("model", "The model's name has characters that agentd's gateway does not pass on.");
  if (models.length === 0 || models.some((glob) => matchesGlob(glob, model))) return model;
  throw new Refusal(
    "model",
    `The model ${model} is not allowed: this profile allows ${models.join(", ")}. Use one of those, or add it to \`models\` in [profiles.llm]. Do not send the request again as it is.`,
  );
}

function judged(
  document: JsonDocument,
  asked: Asked,
  findings: Findings,
  named: Pick<JudgedRequest, "model" | "stream">,
): JudgedRequest {
  const { askedOutput, choices } = asked;
  const floor = Math.max(LEAST_OUTPUT, asked.leastOutput ?? 0);
  const { beyondBytes, hasMedia, cacheWrite, webSearches, unbounded, providerTools } = findings;
  return {
    ...named,
    choices,
    askedOutput,
    // What the client asks for itself is never too little.
    minOutput: Math.min(askedOutput ?? floor, floor),
    inputBound: document.bytes.length + PER_MESSAGE * asked.messages + PER_TOOL * providerTools + AROUND,
    beyondBytes,
    hasMedia,
    cacheWrite,
    webSearches,
    unbounded,
    withCap(outputTokens) {
      const cap = outputTokens === undefined ? [] : asked.cap(checkedCap(outputTokens, askedOutput));
      return spliced(document, [...asked.splices, ...cap]);
    },
  };
}

function checkedCap(tokens: number, asked: number | undefined): number {
  if (!Number.isSafeInteger(tokens) || tokens < 0 || tokens > (asked ?? tokens))
    throw new RangeError(`${tokens} is no cap for a request that asks for ${asked ?? "any"} tokens`);
  return tokens;
}

/**
 * The tokens of input to reserve: by the body's bytes, or by the model's context window where bytes bound nothing.
 *
 * @param contextWindow undefined when unknown.
 * @throws Refusal where nothing bounds it and the profile is exact.
 */
export function inputToReserve(
  { model, inputBound, beyondBytes }: Pick<JudgedRequest, "model" | "inputBound" | "beyondBytes">,
  contextWindow: number | undefined,
  exact: boolean,
): number {
  if (beyondBytes === undefined) return Math.min(inputBound, contextWindow ?? inputBound);
  if (contextWindow !== undefined) return contextWindow;
  if (!exact) return inputBound;
  throw new Refusal(
    "unbounded",
    `The request has ${beyondBytes}, whose tokens its bytes do not bound, and the context window of ${model} is not known. Send text only, or set \`context\` for the model in [[llm.prices]], or exact = false in [profiles.llm].`,
  );
}
