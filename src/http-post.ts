/** Posting to an address that an operator has named: within bounds of time and bytes, and never to another address. */
import type { Dispatcher } from "undici";
import { sentence } from "./errors.ts";

const ANSWER_MS = 30_000;

export interface Post {
  /** http or https; a user and a password in it go into the header `authorization`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface PostOptions {
  /** Connections to send it over. What goes wrong with them is what came of the post. */
  readonly connect: () => Promise<Dispatcher>;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** What came of a post. No text has any part of the address. */
export type PostResult =
  | { readonly kind: "accepted" }
  /** It may work later. */
  | { readonly kind: "failed"; readonly why: string; readonly retryInMs?: number | undefined }
  /** It will never work so. */
  | { readonly kind: "refused"; readonly why: string }
  /** Nobody is there any more, and nothing is to be sent again: 410. */
  | { readonly kind: "gone" };

/** Posts once. Does not follow redirects. @throws the signal's reason. */
export async function post({ url, headers, body }: Post, options: PostOptions): Promise<PostResult> {
  const address = parsedAddress(url);
  if (address === undefined) return { kind: "refused", why: "the address is not an http or https URL" };
  const { connect, now, signal } = options;
  try {
    const { origin, pathname, search } = address.url;
    const dispatcher = await connect();
    const answer = await dispatcher.request({
      origin,
      path: `${pathname}${search}`,
      method: "POST",
      headers: { ...headers, ...address.headers },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    // What it says is of no use, and may have any length.
    await answer.body.dump({ limit: 16 * 1024 }).catch(() => undefined);
    return resultOf(answer.statusCode, headerOf(answer.headers["retry-after"]), now());
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "failed", why: whyOf(error, address.url) };
  }
}

function parsedAddress(
  text: string,
): { readonly url: URL; readonly headers: Readonly<Record<string, string>> } | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  const { username, password } = url;
  if (username === "" && password === "") return { url, headers: {} };
  url.username = "";
  url.password = "";
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url, headers: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` } };
}

function resultOf(status: number, retryAfter: string | undefined, nowMs: number): PostResult {
  if (status >= 200 && status < 300) return { kind: "accepted" };
  if (status === 410) return { kind: "gone" };
  const why = `it answered with HTTP ${status}`;
  // Whoever moved it has to change the address: the next one may be anybody's.
  if (status >= 300 && status < 400)
    return { kind: "failed", why: `${why}, a redirect, which agentd does not follow` };
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) return { kind: "refused", why };
  return { kind: "failed", why, retryInMs: retryAfter === undefined ? undefined : waitOf(retryAfter, nowMs) };
}

/** Milliseconds of a header `Retry-After`: seconds, or a date; undefined when it is neither. */
function waitOf(text: string, nowMs: number): number | undefined {
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function headerOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** Errors of a connection may name the address. */
function whyOf(error: unknown, url: URL): string {
  if (error instanceof Error && error.name === "TimeoutError")
    return `it did not answer within ${ANSWER_MS / 1000} seconds`;
  const text = sentence(error).replace(/\.$/, "");
  const secrets = [url.href, `${url.pathname}${url.search}`, url.pathname].filter((each) => each.length > 1);
  return secrets.reduce((said, secret) => said.replaceAll(secret, "…"), text);
}
