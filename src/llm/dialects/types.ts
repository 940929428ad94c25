/** What is known of a request before it is sent. */
import type { CacheWrite, DialectName } from "../prices/types.ts";

export type RouteName =
  | "responses"
  | "input_tokens"
  | "chat_completions"
  | "messages"
  | "count_tokens"
  | "generate_content"
  | "stream_generate_content"
  | "gemini_count_tokens"
  | "models"
  | "hello"
  | "budget";

export interface Route {
  /** For `local` routes: whose clients ask; `budget` belongs to `openai`. */
  readonly dialect: DialectName;
  readonly name: RouteName;
  /** `generate` costs money, `count` costs a request, `local` is answered by the gateway. */
  readonly kind: "generate" | "count" | "local";
  /** The provider that the path begins with; undefined for the dialect's first one. */
  readonly provider: string | undefined;
  /** Gemini has the model in its path; undefined for the others. */
  readonly model: string | undefined;
  /** What is appended to the provider's `base_url`, such as `/v1/responses`. */
  readonly path: string;
  /** Of the client's query, what goes on: empty, or with its question mark. */
  readonly query: string;
}

export interface RoutedProvider {
  readonly name: string;
  readonly dialect: DialectName;
}

/** What a profile allows in a request. */
export interface Judge {
  /** Globs; empty: any model. */
  readonly models: readonly string[];
  /** Whether what cannot be bounded is refused. */
  readonly exact: boolean;
  /** Tools that run at the provider and are allowed all the same. */
  readonly hosted: readonly string[];
  /** Whether this session received the id from the provider. */
  knowsId(id: string): boolean;
}

export interface JudgedRequest {
  readonly model: string;
  readonly stream: boolean;
  /** How many answers are asked for at once: each of them may be as long as the cap. */
  readonly choices: number;
  /** The cap that the client has set, per answer; undefined where it set none. */
  readonly askedOutput: number | undefined;
  /** A cap below this would only truncate: refuse instead. */
  readonly minOutput: number;
  /** Tokens that the body can have at most, by its bytes. */
  readonly inputBound: number;
  /** Why bytes bound nothing, such as `an image`; then the model's context window does. Undefined: they do. */
  readonly beyondBytes: string | undefined;
  /** Whether the input can be anything but text. */
  readonly hasMedia: boolean;
  readonly cacheWrite: CacheWrite;
  /** How many web searches are reserved. 0 without the tool. */
  readonly webSearches: number;
  /** What was let through although it has no bound: by `exact = false`, or because `hosted` names it. */
  readonly unbounded: readonly string[];
  /**
   * The body for the provider: with this output cap per answer, and with everything else as it came.
   *
   * @param outputTokens a whole number of at least 1; undefined leaves the client's cap as it is.
   */
  withCap(outputTokens: number | undefined): Buffer;
}
