/** What a session used of language models, for people. */
import type { SessionLlm } from "../../session-document.ts";
import { countText } from "./size-text.ts";

const THOUSAND = 1_000;
const UNITS = ["", "k", "M", "G"];
/** Smaller amounts are not told apart. */
const SHOWN_DOLLARS = 0.0001;
/** How many models are named in a line. */
const SHOWN_MODELS = 3;

/** Tokens in their largest unit: `512`, `1.5k`, `20M`. */
export function tokensText(tokens: number): string {
  let count = tokens;
  let unit = 0;
  while (count >= THOUSAND && unit < UNITS.length - 1) {
    count /= THOUSAND;
    unit += 1;
  }
  return `${unit === 0 || count >= 10 ? Math.floor(count) : count.toFixed(1)}${UNITS[unit] ?? ""}`;
}

/** Dollars: to the cent from a dollar on, else to a hundredth of it; `unknown` for null. */
export function dollarsText(usd: number | null): string {
  if (usd === null) return "unknown";
  if (usd > 0 && usd < SHOWN_DOLLARS) return `<$${SHOWN_DOLLARS}`;
  return `$${usd.toFixed(usd >= 1 || usd === 0 ? 2 : 4)}`;
}

/** All tokens of a session: each counts once. */
export function allTokens({
  input_tokens: input,
  cached_tokens: cached,
  output_tokens: output,
}: SessionLlm): number {
  return input + cached + output;
}

/** In a line, such as `12 requests, 31k tokens in (25k cached), 4.1k out, $0.1200, of claude-sonnet-4-5`. */
export function llmText(llm: SessionLlm): string {
  const { requests, refused, cached_tokens: cached, models } = llm;
  const more = models.length > SHOWN_MODELS ? ` and ${models.length - SHOWN_MODELS} more` : "";
  return [
    countText(requests, "request"),
    ...(refused === 0 ? [] : [`${refused} refused`]),
    `${tokensText(llm.input_tokens + cached)} tokens in${cached === 0 ? "" : ` (${tokensText(cached)} cached)`}`,
    `${tokensText(llm.output_tokens)} out`,
    llm.usd === null ? "cost unknown" : dollarsText(llm.usd),
    ...(models.length === 0 ? [] : [`of ${models.slice(0, SHOWN_MODELS).join(", ")}${more}`]),
    ...(llm.exact ? [] : ["not bounded"]),
  ].join(", ");
}
