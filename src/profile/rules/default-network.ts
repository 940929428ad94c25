/**
 * The network of a profile that names none: with language models it is closed, so that the gateway is the only way out.
 *
 * @param profile the profile as it is written.
 */
export function defaultNetwork(profile: Readonly<Record<string, unknown>>): "private" | "allowlist" {
  return profile["llm"] === undefined ? "private" : "allowlist";
}
