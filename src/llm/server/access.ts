/** What a session may use, and where it goes. */
import type { Limits } from "../budget/limits.ts";
import type { OperatorPrice } from "../prices/operator-price.ts";
import type { DialectName, PricedProvider } from "../prices/types.ts";

/** A provider with its real key. */
export interface Provider extends PricedProvider {
  readonly baseUrl: string;
  /** Replaced when it is rotated: the next request has the new one. */
  key: string;
}

export interface Access {
  /** The session, for messages. */
  readonly session: string;
  /** What the session's requests carry instead of a key. */
  readonly token: string;
  /** Where the session's requests are written down. */
  readonly ledgerPath: string;
  /** What the profile spends in a day; its directory is made where it is missing. */
  readonly dayDirectory: string;
  /** Default: the zone of this process. */
  readonly timeZone: string | undefined;
  /** In the order of the profile: of each dialect, the first is the default. At least one. */
  readonly providers: readonly Provider[];
  /** Globs; empty: any model. */
  readonly models: readonly string[];
  readonly limits: Limits;
  readonly onExhausted: "stop" | "refuse";
  readonly exact: boolean;
  readonly hosted: readonly string[];
  readonly prices: readonly OperatorPrice[];
}

/** How the session uses language models up to now. Money in nano-dollars. */
export interface LlmNumbers {
  readonly requests: number;
  readonly refused: number;
  readonly in_flight: number;
  /** That have ended, and whose cost is not known. */
  readonly unpriced: number;
  /** Whether each request had a bound. */
  readonly exact: boolean;
  /** Not from a cache; with what was written to one. */
  readonly input_tokens: number;
  readonly cached_tokens: number;
  readonly output_tokens: number;
  readonly reasoning_tokens: number;
  /** Of requests that have ended. */
  readonly usd_nano: number;
  readonly reserved_nano: number;
  readonly left_nano: number | null;
  readonly models: string[];
}

/** The provider of a route: by its name, or the first one of its dialect. */
export function providerFor(
  providers: readonly Provider[],
  { provider, dialect }: { readonly provider: string | undefined; readonly dialect: DialectName },
): Provider | undefined {
  return providers.find((each) =>
    provider === undefined ? each.dialect === dialect : each.name === provider,
  );
}
