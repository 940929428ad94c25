/** Judges bodies as the tests of the dialects need it. */
import { judge } from "../../../src/llm/dialects/judge.ts";
import { Refusal } from "../../../src/llm/dialects/refusal.ts";
import { findRoute } from "../../../src/llm/dialects/routes.ts";
import type { Judge, JudgedRequest } from "../../../src/llm/dialects/types.ts";

const PROVIDERS = [
  { name: "openai", dialect: "openai" },
  { name: "anthropic", dialect: "anthropic" },
  { name: "google", dialect: "gemini" },
] as const;

export const PATHS = {
  responses: "/v1/responses",
  chat: "/v1/chat/completions",
  messages: "/v1/messages",
  gemini: "/v1beta/models/gemini-2.5-pro:generateContent",
  geminiStream: "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
  geminiCount: "/v1beta/models/gemini-2.5-pro:countTokens",
  count: "/v1/messages/count_tokens",
  inputTokens: "/v1/responses/input_tokens",
} as const;

export type Path = keyof typeof PATHS;

/** The least that each route takes. */
export const LEAST: Readonly<Record<Path, object>> = {
  responses: { model: "gpt-5", input: "hi" },
  inputTokens: { model: "gpt-5", input: "hi" },
  chat: { model: "gpt-5", messages: [] },
  messages: { model: "claude-opus-5", max_tokens: 4096, messages: [] },
  count: { model: "claude-opus-5", messages: [] },
  gemini: { contents: [] },
  geminiStream: { contents: [] },
  geminiCount: { contents: [] },
};

export const RULES: Judge = { models: [], exact: true, hosted: [], knowsId: () => false };

/** @param body a string is sent as it is; an object is added to the route's least. @throws Refusal */
export function judged(path: Path, body: string | object, rules: Partial<Judge> = {}): JudgedRequest {
  const text = typeof body === "string" ? body : JSON.stringify({ ...LEAST[path], ...body });
  return judge(findRoute("POST", PATHS[path], PROVIDERS), Buffer.from(text), { ...RULES, ...rules });
}

/** How it is refused, as `kind: message`; undefined when it is not. */
export function refusalOf(path: Path, body: string | object, rules: Partial<Judge> = {}): string | undefined {
  try {
    judged(path, body, rules);
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return `${error.kind}: ${error.message}`;
  }
}
