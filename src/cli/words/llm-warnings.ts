/** What an operator should know of a profile with language models that is accepted all the same. */
import type { Profile } from "../../profile/profile.ts";

/** Warnings, each a sentence without a full stop; none for a profile without language models. */
export async function llmWarnings({
  llm,
  credentials,
  env,
}: Pick<Profile, "llm" | "credentials" | "env">): Promise<string[]> {
  if (llm === undefined) return [];
  const held = llm.providers.flatMap(({ name, keySource }) =>
    credentials
      .filter(({ source }) => source === keySource)
      .map(
        (credential) =>
          `the credential ${credential.name} gives sessions the key of the provider ${JSON.stringify(name)}, which they reach without it`,
      ),
  );
  const doubled = llm.providers
    .filter(({ dialect, baseUrl }) => dialect === "openai" && baseUrl.endsWith("/v1"))
    .map(
      ({ name }) =>
        `llm: base_url of the provider ${JSON.stringify(name)} ends in /v1, which the paths of requests begin with`,
    );
  const { llmEnvironment } = await import("../../gateway/rules/llm-environment.ts");
  const dialects = llm.providers.map(({ dialect }) => dialect);
  const replaced = [...llmEnvironment(dialects, "").keys()]
    .filter((name) => Object.hasOwn(env, name))
    .map(
      (name) => `env.${name} replaces agentd's own value: programs that read it may reach no language model`,
    );
  return [...held, ...doubled, ...replaced];
}
