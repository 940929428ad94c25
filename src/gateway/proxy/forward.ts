/** Plain http: a request with a whole URL, sent on to the server that the URL names. */
import {
  type ClientRequest,
  type IncomingMessage,
  request as sendRequest,
  type ServerResponse,
} from "node:http";
import { pipeline } from "node:stream/promises";
import { sentence } from "../../errors.ts";
import { parseTarget, type Target, targetText } from "../rules/target.ts";
import type { Exchange } from "./exchange.ts";
import { requestHeaders, responseHeaders } from "./headers.ts";
import type { ProxyLimits } from "./proxy-limits.ts";
import { denied, failed, type Refusal, refusalHeaders, refusalLine } from "./refusal.ts";
import type { Route } from "./route.ts";
import { writtenText } from "./written-text.ts";

const HTTP_PORT = 80;
/** A server that asks for a login of a proxy is answered for: sessions have none, and clients would try in vain. */
const PROXY_LOGIN_REQUIRED = 407;

export interface ForwardOptions {
  readonly limits: ProxyLimits;
  readonly route: (target: Target) => Promise<Route | Refusal>;
}

/** Serves one request, to the end of its response. */
export async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange,
  { limits: { idleMs, httpsPort }, route }: ForwardOptions,
): Promise<void> {
  const { target, path, refusal } = read(request, httpsPort);
  const refuse = (why: Refusal): void => {
    exchange.refused(why);
    answer(response, why, target);
  };
  if (target !== undefined) exchange.goesTo(target);
  if (target === undefined || refusal !== undefined) {
    refuse(refusal ?? denied("target", "its URL names no host"));
    return;
  }
  const found = await route(target);
  if ("verdict" in found) {
    refuse(found);
    return;
  }
  const { socket, address, rule } = found;
  exchange.reached(socket, address, rule);
  socket.setTimeout(idleMs, () => socket.destroy(new Error(`no byte moved for ${idleMs / 1000} s`)));
  try {
    await send(request, response, { found, target, path });
    exchange.ended();
  } catch (error) {
    if (response.headersSent || response.destroyed) {
      exchange.ended(sentence(error));
      // So that a client cannot take what it has for the whole.
      response.destroy();
    } else {
      refuse(failed("response", sentence(error)));
    }
  } finally {
    socket.destroy();
  }
}

interface Sending {
  readonly found: Route;
  readonly target: Target;
  readonly path: string;
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  { found: { socket }, target, path }: Sending,
): Promise<void> {
  const outgoing = sendRequest({
    createConnection: () => socket,
    method: request.method,
    path,
    headers: requestHeaders(request, target.port === HTTP_PORT ? hostOf(target) : targetText(target)),
    setHost: false,
    insecureHTTPParser: false,
  });
  // A client that goes away takes the request with it.
  response.once("close", () => outgoing.destroy());
  const sending = pipeline(request, outgoing);
  // A server may answer, and close, before it has read the whole request; then only its answer counts.
  sending.catch(() => undefined);
  const incoming = await answerTo(outgoing);
  const status = incoming.statusCode ?? 0;
  if (status === PROXY_LOGIN_REQUIRED) throw new Error("the server asked for the login of a proxy");
  response.writeHead(status, incoming.statusMessage, responseHeaders(incoming));
  await pipeline(incoming, response);
}

function answerTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.on("error", reject);
    outgoing.once("upgrade", (_response, socket) => {
      socket.destroy();
      reject(new Error("the server changed the protocol"));
    });
    outgoing.once("close", () => reject(new Error("the server closed the connection without an answer")));
  });
}

interface Reading {
  /** Undefined where the request names none. */
  readonly target?: Target | undefined;
  readonly path: string;
  readonly refusal?: Refusal | undefined;
}

/** Cuts the URL where it has to be cut, and leaves the rest as it is. */
function read({ url = "", headers, method }: IncomingMessage, httpsPort: number): Reading {
  const [, scheme, authority = "", rest = ""] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^#]*)/i.exec(url) ?? [];
  const path = rest.startsWith("/") ? rest : `/${rest}`;
  if (scheme === undefined) {
    return {
      path,
      refusal: denied(
        "form",
        "this is a proxy, which takes CONNECT or a whole URL, such as GET http://HOST/",
      ),
    };
  }
  const isPlain = scheme.toLowerCase() === "http";
  const target = parseTarget(writtenText(authority), isPlain ? HTTP_PORT : httpsPort);
  if (!isPlain || target?.port === httpsPort) {
    const reason = isPlain
      ? `port ${httpsPort} takes CONNECT, and no plain http`
      : `a URL with ${scheme.slice(0, 20)} is not taken; use CONNECT HOST:PORT`;
    return { target, path, refusal: denied("form", reason) };
  }
  if (headers.upgrade !== undefined)
    return { target, path, refusal: denied("form", "an upgrade of plain http is not taken") };
  if (method === "TRACE") return { target, path, refusal: denied("form", "TRACE is not taken") };
  return { target, path };
}

function hostOf(target: Target): string {
  return targetText(target).replace(/:\d+$/, "");
}

function answer(response: ServerResponse, refusal: Refusal, target: Target | undefined): void {
  const line = refusalLine(refusal, target);
  response.writeHead(refusal.status, refusalHeaders(line));
  response.end(line);
}
