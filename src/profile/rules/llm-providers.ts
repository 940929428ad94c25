/** Providers of language models, as `[[llm.providers]]` declares them. */
import * as z from "zod";
import type { DialectName } from "../../llm/prices/types.ts";
import { daemonVariable, rule } from "./field-rules.ts";

/** The forms of requests that agentd understands. */
export const DIALECTS = ["openai", "anthropic", "gemini"] as const satisfies readonly DialectName[];

const BASE_URLS: Readonly<Record<DialectName, string>> = {
  openai: "https://api.openai.com",
  anthropic: "https://api.anthropic.com",
  gemini: "https://generativelanguage.googleapis.com",
};

/** First parts of the gateway's own paths, which a provider's name would hide. */
const RESERVED_NAMES = ["v1", "v1beta", "agentd", "api"];

/** The written form of one `[[llm.providers]]`. */
export const writtenProvider = z.strictObject({
  name: z.string().superRefine(rule(providerNameFault)).describe("Name by which profiles use it."),
  dialect: z.enum(DIALECTS).describe("Form of its requests."),
  base_url: z
    .string()
    .superRefine(rule(baseUrlFault))
    .optional()
    .describe(
      "Address that the paths of requests, such as /v1/messages, are appended to. Default: the dialect's own provider.",
    ),
  key_source: daemonVariable().describe(
    "Variable in credentials.env with the provider's key; no session ever gets it.",
  ),
});

/** A provider as agentd keeps it. */
export const keptProvider = z
  .strictObject({ name: z.string(), dialect: z.enum(DIALECTS), baseUrl: z.string(), keySource: z.string() })
  .readonly();

export type Provider = z.output<typeof keptProvider>;

/** Whether a host is the one of a dialect's own provider. */
export function isProviderHost(host: string): boolean {
  return Object.values(BASE_URLS).some((url) => new URL(url).hostname === host.toLowerCase());
}

/** A provider from what was written, which has passed the rules. */
export function toProvider(written: z.output<typeof writtenProvider>): Provider {
  const { name, dialect, base_url: baseUrl = BASE_URLS[dialect], key_source: keySource } = written;
  return { name, dialect, baseUrl: baseUrl.replace(/\/+$/, ""), keySource };
}

/** The rule that a provider's name breaks; undefined when it is fine. */
export function providerNameFault(name: string): string | undefined {
  if (!/^[a-z][a-z0-9_-]{0,31}$/.test(name))
    return "must be 1 to 32 of a-z, 0-9, _ and -, starting with a letter";
  return RESERVED_NAMES.includes(name) ? `must not be one of ${RESERVED_NAMES.join(", ")}` : undefined;
}

function baseUrlFault(text: string): string | undefined {
  const form = "must be an address such as https://api.example.org or http://10.0.0.5:8080/llm";
  if (!URL.canParse(text)) return form;
  const { protocol, username, password, search, hash, hostname } = new URL(text);
  if ((protocol !== "https:" && protocol !== "http:") || hostname === "") return form;
  if (username !== "" || password !== "")
    return "must not have a user or password: put the key into credentials.env";
  return search !== "" || hash !== "" ? "must not have a query or a fragment" : undefined;
}
