/** What a session has used of language models, for its document. */
import type { SessionLlm } from "../../session-document.ts";
import { usdNumber } from "../money/nano.ts";
import type { LedgerSums } from "./ledger-sums.ts";

/** How many models a document names. */
const NAMED_MODELS = 20;

/** The document's `llm` from what a ledger adds up to. */
export function sessionLlm(sums: LedgerSums): SessionLlm {
  return {
    requests: sums.requests,
    refused: sums.refused,
    input_tokens: sums.input_tokens + sums.cache_write_tokens,
    cached_tokens: sums.cached_tokens,
    output_tokens: sums.output_tokens,
    reasoning_tokens: sums.reasoning_tokens,
    // Unknown is not nothing.
    usd: sums.unpriced > 0 ? null : usdNumber(sums.nano),
    models: [...sums.models.keys()].slice(0, NAMED_MODELS),
    exact: sums.exact,
  };
}
