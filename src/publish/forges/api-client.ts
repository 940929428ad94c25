/**
 * Calls of a forge's API: JSON over https, with the token for that one origin, tried again within a bound.
 */
import type { Dispatcher } from "undici";
import { sentence } from "../../errors.ts";

export interface ApiOptions {
  /** Of the API, such as `https://api.github.com`, without a slash at its end. */
  readonly baseUrl: string;
  /** Besides the usual ones; the one with the token, too. */
  readonly headers: Readonly<Record<string, string>>;
  /** What must not be repeated from an answer. */
  readonly secret: string;
  readonly dispatcher: Dispatcher;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Resolves after this time; rejects with the signal's reason. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

export interface ApiCall {
  readonly method: "GET" | "POST" | "PUT";
  /** Below the base, with its query. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>> | undefined;
}

export interface ApiAnswer {
  readonly status: number;
  /** Undefined where it is no JSON. */
  readonly json: unknown;
}

/** It is not known whether the server has done what was asked. */
export class UnknownResult extends Error {
  override readonly name = "UnknownResult";
}

/** The server answered, with a status that is no success. */
export class ApiRefusal extends Error {
  override readonly name = "ApiRefusal";
  readonly status: number;

  constructor(status: number, words: string) {
    super(`HTTP ${status}${words === "" ? "" : `: ${words}`}`);
    this.status = status;
  }
}

/** How often one call is tried. */
export const MOST_TRIES = 5;
/** How long all waits of one publication may be together; a server that asks for more is not waited for. */
export const MOST_WAIT_MS = 120_000;
const FIRST_WAIT_MS = 1_000;
const ANSWER_MS = 30_000;
const ANSWER_BYTES = 8 * 1024 * 1024;
const MOST_REDIRECTS = 3;
const WORDS_CHARACTERS = 300;

/** One forge, for one publication: the bound of its waits is for all calls together. */
export class ApiClient {
  readonly #options: ApiOptions;
  #waitedMs = 0;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /**
   * Calls the API. A limit on the rate, and for GET a server that fails or does not answer, is tried again.
   *
   * @returns the answer, with a status of 2xx.
   * @throws ApiRefusal; UnknownResult when a call that changes something may have done so, or the server stays away; the
   * signal's reason.
   */
  async call(call: ApiCall): Promise<ApiAnswer> {
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#attempt(call);
      const isLast = tries === MOST_TRIES;
      if (answer instanceof Error) {
        if (call.method !== "GET" || isLast) throw new UnknownResult(answer.message, { cause: answer });
        await this.wait(tries, undefined, answer.message);
      } else if (answer.status < 300) return answer;
      else if (answer.retryInMs !== undefined && !isLast)
        await this.wait(tries, answer.retryInMs, `HTTP ${answer.status}: it limits requests`);
      else if (answer.status >= 500) {
        if (call.method !== "GET" || isLast) throw new UnknownResult(refusalOf(answer).message);
        await this.wait(tries, undefined, `HTTP ${answer.status}`);
      } else throw refusalOf(answer);
    }
  }

  /**
   * Waits before another try.
   *
   * @param asked by the server, in milliseconds; undefined: it did not say.
   * @throws UnknownResult when that is longer than what is left of the bound.
   */
  async wait(tries: number, asked: number | undefined, why: string): Promise<void> {
    const { sleep, signal } = this.#options;
    const ms = asked ?? FIRST_WAIT_MS * 2 ** (tries - 1);
    if (this.#waitedMs + ms > MOST_WAIT_MS) {
      throw new UnknownResult(
        `${why}; it asks to wait ${Math.ceil(ms / 1000)} s, which is longer than agentd waits`,
      );
    }
    this.#waitedMs += ms;
    await sleep(ms, signal);
  }

  /** The answer, or why there was none. */
  async #attempt(call: ApiCall): Promise<TriedAnswer | Error> {
    const { baseUrl, signal } = this.#options;
    let url = new URL(`${baseUrl}${call.path}`);
    try {
      for (let redirects = 0; ; redirects += 1) {
        const answer = await this.#send(url, call);
        if (answer.location === undefined) return answer;
        const next = new URL(answer.location, url);
        if (next.origin !== url.origin || redirects === MOST_REDIRECTS) {
          const where =
            next.origin !== url.origin ? `${next.origin}, another host` : "itself again and again";
          return { ...answer, words: `it redirects to ${where}` };
        }
        url = next;
      }
    } catch (error) {
      signal.throwIfAborted();
      return new Error(this.#redacted(reasonOf(error)), { cause: error });
    }
  }

  async #send(url: URL, { method, body }: ApiCall): Promise<TriedAnswer & { readonly location?: string }> {
    const { headers, dispatcher, signal, now } = this.#options;
    const response = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
      headers: {
        ...headers,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await bounded(response.body);
    const { statusCode: status } = response;
    const json = parse(text);
    const location = one(response.headers["location"]);
    return {
      status,
      json,
      words: this.#redacted(wordsOf(json)).slice(0, WORDS_CHARACTERS),
      retryInMs: retryInMs(status, (name) => one(response.headers[name]), now()),
      ...(status >= 300 && status < 400 && location !== undefined ? { location } : {}),
    };
  }

  #redacted(text: string): string {
    return text.replaceAll(this.#options.secret, "***");
  }
}

interface TriedAnswer extends ApiAnswer {
  /** The server's own. */
  readonly words: string;
  /** Undefined: it does not limit requests. */
  readonly retryInMs: number | undefined;
}

function refusalOf({ status, words }: TriedAnswer): ApiRefusal {
  return new ApiRefusal(status, words);
}

async function bounded(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page, or nothing.
    return undefined;
  }
}

/**
 * How long a server that limits requests asks to wait, in milliseconds: 429, and GitHub's 403 with its headers. Undefined
 * where it does not limit them.
 */
export function retryInMs(
  status: number,
  header: (name: string) => string | undefined,
  nowMs: number,
): number | undefined {
  const retryAfter = header("retry-after");
  const isSpent = header("x-ratelimit-remaining") === "0" || header("ratelimit-remaining") === "0";
  const isLimit = status === 429 || (status === 403 && (retryAfter !== undefined || isSpent));
  const isBusy = status === 503 && retryAfter !== undefined;
  if (!isLimit && !isBusy) return undefined;
  if (retryAfter !== undefined) {
    const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - nowMs;
    if (!Number.isNaN(ms)) return Math.max(0, ms);
  }
  const reset = Number(header("x-ratelimit-reset") ?? header("ratelimit-reset"));
  if (isSpent && reset > 0) return Math.max(0, reset * 1000 - nowMs);
  return FIRST_WAIT_MS;
}

/** What an answer says, in the forms of GitHub, GitLab and Gitea. */
function wordsOf(json: unknown): string {
  if (typeof json !== "object" || json === null) return "";
  const { message, error, errors } = json as Record<string, unknown>;
  const said = [message, error, errors].flatMap((each) => textsIn(each));
  return [...new Set(said)]
    .join("; ")
    .replaceAll(/[\p{C}\s]+/gu, " ")
    .trim();
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap((each) => textsIn(each));
  if (typeof value !== "object" || value === null) return [];
  const { message } = value as Record<string, unknown>;
  if (typeof message === "string") return [message];
  return Object.entries(value).map(([name, each]) => `${name} ${textsIn(each).join(", ") || String(each)}`);
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError")
    return `it did not answer within ${ANSWER_MS / 1000} seconds`;
  if (error instanceof AggregateError) return error.errors.map((each) => sentence(each)).join("; ");
  return sentence(error);
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
