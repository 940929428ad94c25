/** What the gateway answers by itself. */
import type { ServerResponse } from "node:http";
import type { Route } from "../dialects/types.ts";
import { usdText } from "../money/nano.ts";
import type { LlmSession } from "./llm-session.ts";

/** Answers a route of the kind `local`. */
export function answerLocal(route: Route, response: ServerResponse, session: LlmSession): void {
  if (route.name === "hello") {
    response.writeHead(200, { "content-length": "0" }).end();
    return;
  }
  const body = Buffer.from(
    JSON.stringify(route.name === "models" ? modelsFor(route, session) : budgetOf(session)),
  );
  response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body);
}

/** The models that are allowed by name: a glob is none. */
function modelsFor({ dialect }: Route, { access: { models } }: LlmSession): object {
  const named = models.filter((model) => !/[*?[\]{}]/.test(model));
  if (dialect === "gemini") return { models: named.map((name) => ({ name: `models/${name}` })) };
  if (dialect === "openai") {
    return {
      object: "list",
      data: named.map((id) => ({ id, object: "model", created: 0, owned_by: "agentd" })),
    };
  }
  const epoch = "1970-01-01T00:00:00Z";
  const data = named.map((id) => ({ type: "model", id, display_name: id, created_at: epoch }));
  return { data, has_more: false, first_id: named[0] ?? null, last_id: named.at(-1) ?? null };
}

/** What is left, so that an agent can pace itself. */
function budgetOf({ books, access: { limits } }: LlmSession): object {
  const { numbers, leftTokens } = books;
  return {
    requests: numbers.requests,
    requests_left: limits.requests === undefined ? null : Math.max(limits.requests - numbers.requests, 0),
    in_flight: numbers.in_flight,
    tokens_left: leftTokens,
    usd_spent: usdText(numbers.usd_nano),
    usd_reserved: usdText(numbers.reserved_nano),
    usd_left: numbers.left_nano === null ? null : usdText(numbers.left_nano),
  };
}
