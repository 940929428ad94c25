/** Which headers pass, in both directions, and where a client puts its token. Raw headers are names and values in turn. */
import type { DialectName } from "../prices/types.ts";
import { Refusal } from "./refusal.ts";

/** Of a request. Everything else says who the client is, where it works, or what only this connection means. */
const PASSED: Readonly<Record<DialectName, readonly string[]>> = {
  openai: ["accept", "openai-beta"],
  anthropic: ["accept", "anthropic-version", "anthropic-beta"],
  gemini: ["accept"],
};

/** Of an answer, besides those that begin like one of `ANSWER_BEGINNINGS`. */
const ANSWERED: ReadonlySet<string> = new Set([
  "content-type",
  "content-encoding",
  "cache-control",
  "date",
  "openai-processing-ms",
  "openai-version",
  "request-id",
  "retry-after",
  "retry-after-ms",
  "x-request-id",
  "x-should-retry",
]);

const ANSWER_BEGINNINGS = ["x-ratelimit-", "anthropic-ratelimit-"];

const PLAIN_VALUE = /^[\x20-\x7e]{0,4096}$/;

/** The headers for the provider, with its real key. The body's length is left to whoever sends it. */
export function requestHeaders(
  dialect: DialectName,
  rawHeaders: readonly string[],
  key: string,
): Record<string, string> {
  const passed = PASSED[dialect].flatMap((name) => {
    const values = valuesOf(rawHeaders, name).filter((value) => PLAIN_VALUE.test(value));
    // Several headers of one name are a list, except where only one makes sense.
    if (values.length > 1 && name === "anthropic-version") return [];
    return values.length === 0 ? [] : [[name, values.join(", ")] as const];
  });
  return {
    ...Object.fromEntries(passed),
    // Not the client's: another charset would be another body.
    "content-type": "application/json",
    // What is compressed cannot be metered.
    "accept-encoding": "identity",
    "user-agent": "agentd",
    ...keyHeader(dialect, key),
  };
}

/** The header that carries a provider's key. */
export function keyHeader(dialect: DialectName, key: string): Record<string, string> {
  if (dialect === "anthropic") return { "x-api-key": key };
  return dialect === "gemini" ? { "x-goog-api-key": key } : { authorization: `Bearer ${key}` };
}

/** The headers for the client, of a provider's answer. */
export function answerHeaders(rawHeaders: readonly string[]): [string, string][] {
  return pairs(rawHeaders).filter(
    ([name]) => ANSWERED.has(name) || ANSWER_BEGINNINGS.some((beginning) => name.startsWith(beginning)),
  );
}

/** The token that a request carries; undefined where there is none, or where two differ. */
export function tokenOf(rawHeaders: readonly string[], url: string): string | undefined {
  const bearers = valuesOf(rawHeaders, "authorization").map((value) => /^Bearer +(\S+)$/i.exec(value)?.[1]);
  const query = url.includes("?") ? url.slice(url.indexOf("?") + 1) : "";
  const tokens = new Set([
    ...bearers,
    ...valuesOf(rawHeaders, "x-api-key"),
    ...valuesOf(rawHeaders, "x-goog-api-key"),
    ...new URLSearchParams(query).getAll("key"),
  ]);
  const [token] = tokens;
  return tokens.size === 1 ? token : undefined;
}

/**
 * Refuses what would let a request be read in two ways, or change the protocol.
 *
 * @throws Refusal for a content-encoding, `Expect`, trailers, an upgrade, a body that is not JSON.
 */
export function checkHeaders(rawHeaders: readonly string[]): void {
  const has = (name: string): boolean => valuesOf(rawHeaders, name).length > 0;
  const encodings = valuesOf(rawHeaders, "content-encoding");
  if (encodings.some((value) => value.toLowerCase() !== "identity"))
    throw new Refusal("unsupported", "agentd's gateway reads bodies without a content-encoding only.");
  const types = valuesOf(rawHeaders, "content-type");
  if (!types.every((value) => /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(value)))
    throw new Refusal("unsupported", "agentd's gateway reads bodies of the type application/json only.");
  if (has("upgrade"))
    throw new Refusal("upgrade", "agentd's gateway speaks HTTP only: use the provider's HTTP routes.");
  const extra = ["expect", "trailer"].find(has);
  if (extra !== undefined)
    throw new Refusal("bad_request", `agentd's gateway does not accept the header ${extra}.`);
}

function valuesOf(rawHeaders: readonly string[], wanted: string): string[] {
  return pairs(rawHeaders).flatMap(([name, value]) => (name === wanted ? [value.trim()] : []));
}

/** With the names in lower case. */
function pairs(rawHeaders: readonly string[]): [string, string][] {
  return rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1] ?? ""] as [string, string]] : [],
  );
}
