/** Whether a profile's language models can be used: keys and, over the network, what the providers say. */
import { AgentdError, sentence } from "../../errors.ts";
import { failure, type Finding, ok, warning } from "../../finding.ts";
import type { Profile, Provider } from "../../profile/profile.ts";
import { llmWarnings } from "../words/llm-warnings.ts";
import { countText } from "../words/size-text.ts";
import type { CredentialSource } from "./credential-checks.ts";

/** How long a provider may take to answer. */
export const PROVIDER_LIMIT_MS = 15_000;

const MODEL_LISTS: Readonly<Record<Provider["dialect"], string>> = {
  openai: "/v1/models",
  anthropic: "/v1/models",
  gemini: "/v1beta/models",
};

/** The findings for a profile with language models; none without. @param configFile where providers are declared. */
export async function llmFindings(
  profile: Pick<Profile, "llm" | "credentials" | "env">,
  source: CredentialSource,
  configFile: string,
): Promise<Finding[]> {
  if (profile.llm === undefined) return [];
  const warnings = (await llmWarnings(profile)).map((text) => warning(text, `edit ${configFile}`));
  const { resolveProviderKeys } = await import("../../credentials/provider-keys.ts");
  try {
    resolveProviderKeys(profile.llm.providers, source);
  } catch (error) {
    if (!(error instanceof AgentdError)) throw error;
    const unset = profile.llm.providers.map(({ keySource }) => keySource);
    return [
      ...warnings,
      failure(error.message, error.code === "credential_unset" ? source.fix(unset) : (error.next ?? "")),
    ];
  }
  const names = profile.llm.providers.map(({ name }) => name).join(", ");
  return [...warnings, ok(`the keys of ${names} are set in ${source.what}`)];
}

/** Asks a provider for its models with the real key. Undefined where the key is missing, which another finding reports. */
export async function providerFinding(
  provider: Provider,
  source: CredentialSource,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const key = source.current[provider.keySource] ?? "";
  if (key === "") return undefined;
  const url = `${provider.baseUrl}${MODEL_LISTS[provider.dialect]}`;
  const [{ EnvHttpProxyAgent, request }, { requestHeaders }] = await Promise.all([
    import("undici"),
    import("../../llm/dialects/headers.ts"),
  ]);
  const { dialect, name, keySource } = provider;
  // Anthropic answers no request without a version.
  const headers = requestHeaders(dialect, ["anthropic-version", "2023-06-01"], key);
  try {
    const { statusCode, body } = await request(url, {
      headers,
      signal,
      dispatcher: new EnvHttpProxyAgent(),
      headersTimeout: PROVIDER_LIMIT_MS,
      bodyTimeout: PROVIDER_LIMIT_MS,
    });
    if (statusCode === 200) return ok(`${name} answers${await modelCount(body)}`);
    await body.dump();
    if (statusCode === 401 || statusCode === 403)
      return failure(`${url} refuses the key in ${keySource} (${statusCode})`, source.fix([keySource]));
    return warning(
      `${url} answers with ${statusCode}`,
      `check base_url of the provider ${JSON.stringify(name)}`,
    );
  } catch (error) {
    signal.throwIfAborted();
    return failure(
      `${url} cannot be reached: ${sentence(error)}`,
      `check base_url of the provider ${JSON.stringify(name)}`,
    );
  }
}

/** Longest list of models that is read. */
const LONGEST_LIST = 8 * 1024 * 1024;

async function modelCount(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > LONGEST_LIST) return "";
    chunks.push(chunk);
  }
  try {
    const list = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
      data?: unknown[];
      models?: unknown[];
    };
    const models = list.data ?? list.models;
    return models === undefined ? "" : `, with ${countText(models.length, "model")}`;
  } catch {
    return ""; // It has answered, in whatever form.
  }
}
