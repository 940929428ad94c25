/**
 * HTTP over the engine's Unix socket: a deadline on every request, typed errors, and a second try where the service
 * died under a request that may be repeated.
 */
import { Agent, type IncomingMessage, request as httpRequest } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { systemCode } from "../../errors.ts";
import { engineFailure, engineTimeout, engineUnavailable } from "./engine-failure.ts";
import type { EngineService } from "./engine-service.ts";

export interface EngineRequest {
  /** What is tried and on what, as a phrase after "cannot". */
  readonly tried: string;
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Below `/v4.0.0/libpod`, with encoded segments. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** A tar as bytes, or anything else as JSON; undefined sends none. */
  readonly body?: unknown;
  /** For the whole call, waiting for a restarted service included; default 30 s. */
  readonly deadlineMs?: number | undefined;
  /** Ends the call early by throwing the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the request may be sent again when its reply was lost; default: all but POST. */
  readonly repeatable?: boolean | undefined;
}

export interface EngineReply {
  readonly status: number;
  readonly text: string;
}

const API_PREFIX = "/v4.0.0/libpod";
const DEADLINE_MS = 30_000;
/** A request that kills the service each time must not continue to do so. */
const MOST_ARRIVALS = 3;
/** A dead service refuses for a moment before its end is known: on a busy host for longer than one pause. */
const MOST_REFUSALS = 100;
const RESEND_PAUSE_MS = 20;

/** The connection broke before the reply was complete. */
class BrokenConnection extends Error {
  /** False when the service certainly never saw the request. */
  readonly mayHaveArrived: boolean;

  constructor(cause: unknown) {
    super("the connection broke", { cause });
    this.mayHaveArrived = !["ECONNREFUSED", "ENOENT"].includes(systemCode(cause) ?? "");
  }
}

export class EngineHttp {
  readonly #service: EngineService;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 32 });

  constructor(service: EngineService) {
    this.#service = service;
  }

  /**
   * Sends a request and returns the reply, with any status.
   *
   * @throws `engine_timeout`; `engine_unavailable`, where `replyWasLost` says whether it may have been carried out.
   */
  send(request: EngineRequest): Promise<EngineReply> {
    return this.#persist(request, async (signal) => {
      const response = await this.#open(request, signal);
      return { status: response.statusCode ?? 0, text: await readText(response) };
    });
  }

  /** Like `send`, and throws `engine_failed` for a status of 400 and above. */
  async call(request: EngineRequest): Promise<EngineReply> {
    const reply = await this.send(request);
    if (reply.status >= 400) throw engineFailure(request.tried, reply.status, reply.text);
    return reply;
  }

  /**
   * Sends a request and returns, once the reply's header is there, the JSON values of its lines for as long as the
   * service sends them. The deadline counts to the header. The caller iterates, which closes the connection at its end.
   *
   * @throws like `call`; the iteration throws `engine_unavailable` when the connection breaks.
   */
  async stream(request: EngineRequest): Promise<AsyncIterable<unknown>> {
    const response = await this.#persist(request, async (signal) => {
      const opened = await this.#open(request, signal);
      const status = opened.statusCode ?? 0;
      if (status >= 400) throw engineFailure(request.tried, status, await readText(opened));
      return opened;
    });
    return this.#lines(request, response);
  }

  /** Closes the idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  /** Tries until the deadline, again after a broken connection where that is safe. */
  async #persist<T>(request: EngineRequest, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const deadlineMs = request.deadlineMs ?? DEADLINE_MS;
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), deadlineMs);
    const signal = request.signal ? AbortSignal.any([deadline.signal, request.signal]) : deadline.signal;
    let broken: BrokenConnection | undefined;
    try {
      for (let arrivals = 0, refusals = 0; ;) {
        try {
          return await act(signal);
        } catch (error) {
          if (signal.aborted || !(error instanceof BrokenConnection)) throw error;
          broken = error;
        }
        if (broken.mayHaveArrived) arrivals++;
        else refusals++;
        const lost = broken.mayHaveArrived && !(request.repeatable ?? request.method !== "POST");
        const isHopeless = arrivals === MOST_ARRIVALS || refusals === MOST_REFUSALS;
        if (lost || isHopeless) throw this.#unavailable(request, broken, lost);
        await delay(RESEND_PAUSE_MS, undefined, { signal });
        await this.#service.available(signal);
        broken = undefined;
      }
    } catch (error) {
      request.signal?.throwIfAborted();
      if (!deadline.signal.aborted) throw error;
      if (broken !== undefined) throw this.#unavailable(request, broken, false);
      this.#service.suspect();
      throw engineTimeout(request.tried, deadlineMs);
    } finally {
      clearTimeout(timer);
    }
  }

  #open(request: EngineRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { body, headers } = encodeBody(request.body);
    const query = request.query === undefined ? "" : `?${new URLSearchParams(request.query).toString()}`;
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({
        agent: this.#agent,
        socketPath: this.#service.socketPath,
        method: request.method,
        path: `${API_PREFIX}${request.path}${query}`,
        headers,
        signal,
      });
      outgoing.on("response", resolve);
      outgoing.on("error", (error) => reject(new BrokenConnection(error)));
      outgoing.end(body);
    });
  }

  async *#lines(request: EngineRequest, response: IncomingMessage): AsyncGenerator<unknown, void, void> {
    try {
      yield* jsonLines(response);
    } catch (error) {
      request.signal?.throwIfAborted();
      throw this.#unavailable(request, error, false);
    } finally {
      response.destroy();
    }
  }

  #unavailable(request: EngineRequest, cause: unknown, replyLost: boolean) {
    return engineUnavailable(request.tried, { cause, replyLost, stderr: this.#service.lastWords() });
  }
}

function encodeBody(content: unknown): {
  body: string | Uint8Array;
  headers: Record<string, string | number>;
} {
  if (content === undefined) return { body: "", headers: {} };
  const isTar = content instanceof Uint8Array;
  const body = isTar ? content : JSON.stringify(content);
  const type = isTar ? "application/x-tar" : "application/json";
  return { body, headers: { "content-type": type, "content-length": Buffer.byteLength(body) } };
}

async function readText(response: IncomingMessage): Promise<string> {
  try {
    let text = "";
    for await (const chunk of textOf(response)) text += chunk;
    return text;
  } catch (error) {
    throw new BrokenConnection(error);
  }
}

async function* jsonLines(response: IncomingMessage): AsyncGenerator<unknown, void, void> {
  let rest = "";
  for await (const chunk of textOf(response)) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line);
  }
  if (rest.trim() !== "") yield JSON.parse(rest);
}

function textOf(response: IncomingMessage): AsyncIterable<string> {
  return response.setEncoding("utf8");
}
