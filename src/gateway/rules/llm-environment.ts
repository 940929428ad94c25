/** What tells the programs of a session where its language models are, and the token that they show there. */
import type { DialectName } from "../../llm/prices/types.ts";
import { LLM_URL } from "./ports.ts";

/** Of each dialect, for the agents that are known. */
const OF_DIALECT: Readonly<Record<DialectName, (token: string) => Readonly<Record<string, string>>>> = {
  anthropic: (token) => ({ ANTHROPIC_BASE_URL: LLM_URL, ANTHROPIC_API_KEY: token }),
  openai: (token) => ({
    OPENAI_BASE_URL: `${LLM_URL}/v1`,
    OPENAI_API_KEY: token,
    // What codex reads instead.
    CODEX_API_KEY: token,
  }),
  gemini: (token) => ({ GOOGLE_GEMINI_BASE_URL: LLM_URL, GEMINI_API_KEY: token }),
};

/**
 * The variables for these dialects.
 *
 * @param token of the session: it is worth nothing elsewhere, but belongs into no log.
 */
export function llmEnvironment(dialects: readonly DialectName[], token: string): ReadonlyMap<string, string> {
  return new Map(dialects.flatMap((dialect) => Object.entries(OF_DIALECT[dialect](token))));
}
