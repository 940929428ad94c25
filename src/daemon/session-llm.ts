/** What the daemon gives a session with language models, and the gateway for it: token, keys and limits. */
import { createHmac, randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { resolveProviderKeys } from "../credentials/provider-keys.ts";
import type { VariableSource } from "../credentials/resolve.ts";
import type { LlmAccess } from "../gateway/control/control-protocol.ts";
import { llmEnvironment } from "../gateway/rules/llm-environment.ts";
import { ifThere } from "../if-there.ts";
import type { Llm, Provider } from "../profile/profile.ts";

const KEY_FILE = "llm-tokens.key";
const KEY_BYTES = 32;

/** What a gateway needs for one session. */
export interface LlmRequest {
  readonly sessionId: string;
  readonly profile: { readonly name: string };
  readonly llm: Llm;
  /** The file for its requests. */
  readonly llmPath: string;
}

/** One daemon's. */
export class SessionLlmAccess {
  readonly #tokenKey: Buffer;
  readonly #variables: VariableSource;
  readonly #state: string;

  private constructor(tokenKey: Buffer, variables: VariableSource, state: string) {
    this.#tokenKey = tokenKey;
    this.#variables = variables;
    this.#state = state;
  }

  /**
   * @param places `runtime` is on a file system that a boot clears, and holds what tokens are made from: a later daemon
   * makes the same ones.
   * @param variables asked each time.
   */
  static async load(
    { runtime, state }: { readonly runtime: string; readonly state: string },
    variables: VariableSource,
  ): Promise<SessionLlmAccess> {
    return new SessionLlmAccess(await tokenKey(join(runtime, KEY_FILE)), variables, state);
  }

  /** See `Network.llmVariables`. */
  variables(sessionId: string, { providers }: Llm): ReadonlyMap<string, string> {
    const dialects = providers.map(({ dialect }) => dialect);
    return llmEnvironment([...new Set(dialects)], this.#token(sessionId));
  }

  /** A provider's key as it is now; undefined where there is none that a request can carry. */
  keyOf(provider: Provider): string | undefined {
    try {
      return resolveProviderKeys([provider], this.#variables).get(provider.name);
    } catch {
      return undefined; // The next session that needs it says so.
    }
  }

  /** @throws AgentdError `credential_unset`, `credential_invalid`. */
  access({ sessionId, profile, llm, llmPath }: LlmRequest): LlmAccess {
    const keys = resolveProviderKeys(llm.providers, this.#variables);
    return {
      profile: profile.name,
      token: this.#token(sessionId),
      path: llmPath,
      day_directory: join(this.#state, "llm-days", profile.name),
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      providers: llm.providers.map(({ name, dialect, baseUrl }) => {
        return { name, dialect, base_url: baseUrl, key: keys.get(name) ?? "" };
      }),
      models: [...llm.models],
      max_usd_nano: llm.maxUsdNano,
      max_tokens: llm.maxTokens,
      max_requests: llm.maxRequests,
      max_output_tokens: llm.maxOutputTokens,
      max_usd_per_day_nano: llm.maxUsdPerDayNano,
      max_parallel_requests: llm.maxParallelRequests,
      on_exhausted: llm.onExhausted,
      exact: llm.exact,
      hosted: [...llm.hosted],
      prices: [...llm.prices],
    };
  }

  /** 32 bytes that nobody can guess who does not have the key. */
  #token(sessionId: string): string {
    return createHmac("sha256", this.#tokenKey).update(sessionId).digest("hex");
  }
}

/** The instance's key, made where there is none. */
async function tokenKey(path: string): Promise<Buffer> {
  const found = await ifThere(readFile(path));
  if (found?.length === KEY_BYTES) return found;
  const made = randomBytes(KEY_BYTES);
  const staged = `${path}.new`;
  await writeFile(staged, made, { mode: 0o600 });
  await rename(staged, path);
  return made;
}
