/** A session's language models, from the daemon's words to the gateway's. */
import type { Access } from "../../llm/server/access.ts";
import type { LlmAccess } from "./control-protocol.ts";

export function accessOf(session: string, llm: LlmAccess): Access {
  return {
    session,
    token: llm.token,
    ledgerPath: llm.path,
    dayDirectory: llm.day_directory,
    timeZone: llm.time_zone,
    providers: llm.providers.map(({ name, dialect, base_url: baseUrl, key }) => ({
      name,
      dialect,
      baseUrl,
      key,
    })),
    models: llm.models,
    limits: {
      profile: llm.profile,
      usdNano: llm.max_usd_nano,
      usdPerDayNano: llm.max_usd_per_day_nano,
      tokens: llm.max_tokens,
      requests: llm.max_requests,
      outputTokens: llm.max_output_tokens,
      parallel: llm.max_parallel_requests,
    },
    onExhausted: llm.on_exhausted,
    exact: llm.exact,
    hosted: llm.hosted,
    prices: llm.prices,
  };
}
