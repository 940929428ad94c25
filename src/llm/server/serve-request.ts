/** One request of a session, from its first line to its end. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Asked } from "../budget/asked.ts";
import { checkHeaders, requestHeaders, tokenOf } from "../dialects/headers.ts";
import { inputToReserve, judge } from "../dialects/judge.ts";
import { Refusal, refusalAnswer } from "../dialects/refusal.ts";
import { findRoute, likelyDialect } from "../dialects/routes.ts";
import type { JudgedRequest, Route } from "../dialects/types.ts";
import type { DialectName, ModelPrice } from "../prices/types.ts";
import { type Provider, providerFor } from "./access.ts";
import { Exchange } from "./exchange.ts";
import { isToken, type LlmSession } from "./llm-session.ts";
import { answerLocal } from "./local-routes.ts";
import { announcedBytes, readBody } from "./request-body.ts";

/** What is known of a request when it is refused. */
interface Known {
  dialect: DialectName;
  route: Route | undefined;
  model: string;
}

/** Serves a request and returns when it has ended. */
export async function serveRequest(
  request: IncomingMessage,
  response: ServerResponse,
  session: LlmSession,
): Promise<void> {
  const known: Known = { dialect: likelyDialect(request.url ?? ""), route: undefined, model: "" };
  try {
    await serve(request, response, session, known);
  } catch (error) {
    // Whoever has gone, or is being closed, is told nothing.
    if (!(error instanceof Refusal) || response.destroyed) response.destroy();
    else refuse(request, response, session, { known, refusal: error });
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  session: LlmSession,
  known: Known,
): Promise<void> {
  const { access } = session;
  const { method = "", url = "" } = request;
  const route = findRoute(method, url, access.providers);
  known.route = route;
  known.dialect = route.dialect;
  if (request.httpVersion !== "1.1") {
    throw new Refusal("bad_request", `HTTP/${request.httpVersion} is not served. Use HTTP/1.1.`);
  }
  checkHeaders(request.rawHeaders);
  const token = tokenOf(request.rawHeaders, url);
  // It says that somebody is here, and no more.
  if (route.name !== "hello" && !isToken(access, token)) {
    throw new Refusal("token", "The key is not the token of this session. Use the one in the environment.");
  }
  if (route.kind === "local") {
    answerLocal(route, response, session);
    return;
  }
  const provider = providerFor(access.providers, route);
  if (provider === undefined) throw new Refusal("not_found", `No provider serves ${method} ${url}.`);
  const room = await session.bodies.take(announcedBytes(request, session.patience.bodyBytes));
  try {
    const body = await readBody(request, session.patience.bodyBytes);
    room.keep(body.length);
    await send(request, response, session, { known, route, provider, body });
  } finally {
    room.keep(0);
  }
}

interface Sending {
  readonly known: Known;
  readonly route: Route;
  readonly provider: Provider;
  readonly body: Buffer;
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  session: LlmSession,
  { known, route, provider, body }: Sending,
): Promise<void> {
  const { access, books, closing } = session;
  const { models, exact, hosted } = access;
  const judged = judge(route, body, { models, exact, hosted, knowsId: (id) => session.known.has(id) });
  known.model = judged.model;
  const price = session.prices.priceOf(provider, judged.model);
  const asked = askedOf(route, judged, price, session);
  const gone = new AbortController();
  const leave = (): void => gone.abort(new Error("the client is gone"));
  response.once("close", leave);
  if (response.destroyed) leave();
  const booking = await books.take(
    asked,
    {
      provider: provider.name,
      route: route.name,
      model: judged.model,
      stream: judged.stream,
      bytes: body.length,
      cap_asked: judged.askedOutput ?? null,
      price_source: route.kind === "count" ? null : (price?.source ?? null),
      unbounded: [...judged.unbounded],
    },
    AbortSignal.any([closing, gone.signal]),
  );
  // From here on a client that goes changes nothing: what is read to its end costs what it costs, and not more.
  response.off("close", leave);
  await new Exchange({ session, route, provider, booking, price, response }).run({
    url: new URL(`${provider.baseUrl.replace(/\/+$/, "")}${route.path}${route.query}`),
    headers: requestHeaders(route.dialect, request.rawHeaders, provider.key),
    body: judged.withCap(booking.grant.cap),
  });
}

function askedOf(
  route: Route,
  judged: JudgedRequest,
  price: ModelPrice | undefined,
  { access }: LlmSession,
): Asked {
  const { usdNano, usdPerDayNano, profile } = access.limits;
  const onlyCounts = route.kind === "count";
  const isPriced = usdNano !== undefined || usdPerDayNano !== undefined;
  if (isPriced && !onlyCounts && price === undefined) {
    throw new Refusal(
      "price",
      `No price is known for model ${judged.model}, and profile ${profile} has a limit in dollars. ` +
        `Use another model, or add [[llm.prices]] for this one.`,
    );
  }
  const { choices, askedOutput, minOutput, cacheWrite, hasMedia, webSearches } = judged;
  const input = onlyCounts ? 0 : inputToReserve(judged, price?.contextWindow, access.exact);
  return {
    onlyCounts,
    bound: { input, cacheWrite, hasMedia, webSearches },
    choices,
    askedOutput,
    minOutput,
    price,
  };
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  session: LlmSession,
  { known, refusal }: { readonly known: Known; readonly refusal: Refusal },
): void {
  const { status, kind, message } = refusal;
  // What was sent is in the books already.
  if (kind !== "upstream") {
    session.books.refuse({ route: known.route?.name ?? "", model: known.model, status, reason: message });
  }
  if (kind === "budget" && session.access.onExhausted === "stop") {
    session.verdict.reach("budget_exhausted", message);
  }
  const { headers, body } = refusalAnswer(known.dialect, refusal);
  // A body that was not read would be taken for the next request.
  const last = request.complete ? {} : { connection: "close" };
  response.writeHead(status, { ...headers, ...last });
  response.end(request.method === "HEAD" ? undefined : body);
  request.resume();
}
