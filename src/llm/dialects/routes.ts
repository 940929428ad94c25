/** Which requests the gateway serves: exactly these paths, as they are written. */
import type { DialectName } from "../prices/types.ts";
import { Refusal } from "./refusal.ts";
import type { Route, RoutedProvider, RouteName } from "./types.ts";

interface ServedRoute {
  readonly method: "POST" | "GET" | "HEAD";
  readonly path: string;
  readonly dialect: DialectName;
  readonly name: RouteName;
  readonly kind: Route["kind"];
}

const SERVED: readonly ServedRoute[] = [
  { method: "POST", path: "/v1/responses", dialect: "openai", name: "responses", kind: "generate" },
  {
    method: "POST",
    path: "/v1/responses/input_tokens",
    dialect: "openai",
    name: "input_tokens",
    kind: "count",
  },
  {
    method: "POST",
    path: "/v1/chat/completions",
    dialect: "openai",
    name: "chat_completions",
    kind: "generate",
  },
  { method: "POST", path: "/v1/messages", dialect: "anthropic", name: "messages", kind: "generate" },
  {
    method: "POST",
    path: "/v1/messages/count_tokens",
    dialect: "anthropic",
    name: "count_tokens",
    kind: "count",
  },
  { method: "HEAD", path: "/api/hello", dialect: "anthropic", name: "hello", kind: "local" },
];

/** Those that belong to no dialect: they are answered as the first provider's clients expect it. */
const SHARED: Readonly<Record<string, RouteName>> = { "/v1/models": "models", "/agentd/v1/budget": "budget" };

/** How clients write a path whose base URL is to end in `/v1`, as those of Vercel's AI SDK for Anthropic do. */
const WITHOUT_VERSION: Readonly<Record<string, string>> = {
  "/messages": "/v1/messages",
  "/messages/count_tokens": "/v1/messages/count_tokens",
};

const GEMINI_ROUTES: Readonly<Record<string, Pick<Route, "name" | "kind">>> = {
  generateContent: { name: "generate_content", kind: "generate" },
  streamGenerateContent: { name: "stream_generate_content", kind: "generate" },
  countTokens: { name: "gemini_count_tokens", kind: "count" },
};

/** Gemini's model stands in the path, so it has no slash and no dot segment. */
const GEMINI_PATH = /^\/v1beta\/models\/([\w.-]*\w):([A-Za-z]+)$/;

/** Of a query, what goes on to a provider; the rest may hold the token, or what nobody knows. */
const KEPT = new Set(["beta", "alt"]);
const PLAIN_VALUE = /^[\w.-]{0,64}$/;

/**
 * The route of a request.
 *
 * @param url the request's target, as it came.
 * @param providers of the profile; of several with one dialect, the first is the one without a prefix.
 * @throws Refusal where none is served there.
 */
export function findRoute(method: string, url: string, providers: readonly RoutedProvider[]): Route {
  const [whole = "", ...queries] = url.split("?");
  const named = providers.find(({ name }) => whole.startsWith(`/${name}/`));
  const written = named === undefined ? whole : whole.slice(named.name.length + 1);
  const path = (Object.hasOwn(WITHOUT_VERSION, written) ? WITHOUT_VERSION[written] : undefined) ?? written;
  const found = served(method, path, named ?? providers[0]);
  if (found === undefined) throw notServed(method, whole);
  if (found.kind === "local") return { ...found, provider: named?.name, path, query: "" };
  const provider = named ?? providers.find(({ dialect }) => dialect === found.dialect);
  if (provider?.dialect !== found.dialect) throw noProvider(found, provider, providers);
  return { ...found, provider: provider.name, path, query: keptQuery(queries.join("?")) };
}

/** Whose shape an answer has for a request without a route. */
export function likelyDialect(url: string): DialectName {
  if (url.includes("/v1beta/")) return "gemini";
  return url.includes("/messages") || url.includes("/api/") ? "anthropic" : "openai";
}

function served(
  method: string,
  path: string,
  shared: RoutedProvider | undefined,
): Pick<Route, "dialect" | "name" | "kind" | "model"> | undefined {
  const name = method === "GET" && Object.hasOwn(SHARED, path) ? SHARED[path] : undefined;
  if (name !== undefined) {
    return { dialect: shared?.dialect ?? "openai", name, kind: "local", model: undefined };
  }
  const route = SERVED.find((each) => each.method === method && each.path === path);
  if (route !== undefined)
    return { dialect: route.dialect, name: route.name, kind: route.kind, model: undefined };
  const [, model, action = ""] = GEMINI_PATH.exec(path) ?? [];
  const gemini =
    method === "POST" && Object.hasOwn(GEMINI_ROUTES, action) ? GEMINI_ROUTES[action] : undefined;
  return gemini === undefined ? undefined : { dialect: "gemini", ...gemini, model };
}

function notServed(method: string, path: string): Refusal {
  return new Refusal(
    "not_found",
    `agentd's gateway does not serve ${method} ${shown(path)}. It serves /v1/responses, /v1/responses/input_tokens, /v1/chat/completions, /v1/messages, /v1/messages/count_tokens, /v1beta/models/MODEL:generateContent, :streamGenerateContent and :countTokens, /v1/models and /agentd/v1/budget.`,
  );
}

function noProvider(
  { dialect }: Pick<Route, "dialect">,
  named: RoutedProvider | undefined,
  providers: readonly RoutedProvider[],
): Refusal {
  const list = providers.map((each) => `${each.name} (${each.dialect})`).join(", ");
  const why =
    named === undefined
      ? `This path needs a provider with the dialect ${dialect}, and the profile has ${list}.`
      : `This path is of the dialect ${dialect}, and the provider ${named.name} has the dialect ${named.dialect}.`;
  return new Refusal("not_found", `${why} Add the provider to \`providers\` in [profiles.llm].`);
}

function keptQuery(query: string): string {
  const kept = [...new URLSearchParams(query)].filter(([name]) => KEPT.has(name));
  if (new Set(kept.map(([name]) => name)).size < kept.length)
    throw new Refusal("bad_request", "The query names a parameter twice.");
  if (!kept.every(([, value]) => PLAIN_VALUE.test(value)))
    throw new Refusal("bad_request", "The query has a value that agentd's gateway does not pass on.");
  const text = kept.map(([name, value]) => `${name}=${value}`).join("&");
  return text === "" ? "" : `?${text}`;
}

/** Whatever a client has written, on one short line. */
function shown(path: string): string {
  return path.slice(0, 100).replaceAll(/[^\x21-\x7e]/g, "?");
}
