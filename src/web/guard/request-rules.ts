/**
 * Who may ask what, decided from the headers of a request alone. A cookie knows no port, and another port of the same host
 * is the same site for a browser: so what comes with a cookie has to come from these very pages.
 */
import { AgentdError, type ErrorCode } from "../../errors.ts";

/** What a decision is made from. */
export interface Asked {
  readonly method: string;
  /** Value of a header; undefined when there is none. */
  readonly header: (name: string) => string | undefined;
  /** Whether the listener has TLS. */
  readonly hasTls: boolean;
}

/** Which door a request came through. */
export type Door = "cookie" | "token";

/** The header that a page sends and no form or link can. */
export const OWN_HEADER = "x-agentd";

/** @throws AgentdError `host_unknown`. */
export function requireHost({ header }: Asked, known: ReadonlySet<string>): void {
  const host = header("host") ?? "";
  if (known.has(host)) return;
  throw refusal(
    "host_unknown",
    `its Host header is ${JSON.stringify(host.slice(0, 200))}, and agentd web answers to ${[...known].join(", ")}`,
    "Use one of these names, or add the one that clients use to web.allowed_hosts.",
  );
}

/**
 * For a request with a cookie, which a browser may have added by itself.
 *
 * @throws AgentdError `origin_refused`.
 */
export function requireOwnPage(asked: Asked): void {
  const { method, header } = asked;
  const origin = header("origin");
  if (origin !== undefined && !ownOrigins(asked).includes(origin)) throw foreign(`its Origin is ${origin}`);
  const site = header("sec-fetch-site");
  const isFromHere = site === undefined || site === "same-origin";
  const isTyped = site === "none" && header("sec-fetch-mode") === "navigate" && method === "GET";
  if (!isFromHere && !isTyped) throw foreign(`its Sec-Fetch-Site is ${site}`);
}

/**
 * For a request that asks for something in its body: only a script of these pages can send it.
 *
 * @throws AgentdError `origin_refused`.
 */
export function requireOwnScript(asked: Asked): void {
  const { method, header } = asked;
  requireOwnPage(asked);
  if (method !== "POST") throw foreign(`its method is ${method}`);
  if (header("origin") === undefined) throw foreign("it has no Origin");
  if (header(OWN_HEADER) !== "1") throw foreign(`it has no header ${OWN_HEADER}: 1`);
  requireJson(asked);
}

/** A script with a token is not a browser. @throws AgentdError `origin_refused`. */
export function refuseBrowser({ header }: Asked): void {
  if (header("origin") !== undefined) throw foreign("it has a token and an Origin: browsers use the cookie");
}

/** @throws AgentdError `protocol_error`. */
export function requireJson({ header }: Asked): void {
  const type = (header("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type === "application/json") return;
  throw refusal("protocol_error", "its Content-Type is not application/json");
}

function ownOrigins({ header, hasTls }: Asked): string[] {
  const host = header("host") ?? "";
  // Without TLS of its own there may be a proxy that has it.
  return hasTls ? [`https://${host}`] : [`http://${host}`, `https://${host}`];
}

function foreign(why: string): AgentdError {
  return refusal(
    "origin_refused",
    `it does not come from the console's own pages: ${why}`,
    "Scripts use the HTTP API with its token, and no Origin header.",
  );
}

function refusal(code: ErrorCode, why: string, next?: string): AgentdError {
  return new AgentdError(code, { tried: "answer the request", why, next });
}
