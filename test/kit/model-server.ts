/** A provider of language models on this host's loopback: Anthropic's messages, with numbers that a test can add up. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The only model that it has. */
export const MODEL = "test-model";
/** What each answer says that it used. */
export const USED = { input: 10, output: 20 };
/** Dollars for a million tokens, as `[[llm.prices]]` has them: an answer costs 30 millionths. */
export const PRICE = { model: MODEL, input: 1, output: 1 };
export const MICRO_PER_ANSWER = USED.input + USED.output;

export interface ModelServer {
  readonly url: string;
  /** The keys that it accepts; change it to revoke one. */
  readonly keys: Set<string>;
  /** Requests that were answered, by the key that they carried. */
  readonly answered: Map<string, number>;
  /** Headers of the last request. */
  readonly lastHeaders: () => IncomingMessage["headers"];
  close(): void;
}

/** @param keys that it accepts. */
export async function startModelServer(...keys: string[]): Promise<ModelServer> {
  const accepted = new Set(keys);
  const answered = new Map<string, number>();
  let lastHeaders: IncomingMessage["headers"] = {};
  const server = createServer((request, response) => {
    lastHeaders = request.headers;
    request.resume();
    request.once("end", () => {
      const key = String(request.headers["x-api-key"]);
      const isAccepted = accepted.has(key);
      if (isAccepted) answered.set(key, (answered.get(key) ?? 0) + 1);
      answer(response, isAccepted ? 200 : 401, isAccepted ? message(request) : refusal(key));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys: accepted,
    answered,
    lastHeaders: () => lastHeaders,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json", "request-id": "req_test" });
  response.end(JSON.stringify(body));
}

function message(request: IncomingMessage): object {
  if (request.method === "GET") return { data: [{ id: MODEL }] };
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: MODEL,
    content: [{ type: "text", text: "the answer" }],
    stop_reason: "end_turn",
    usage: { input_tokens: USED.input, output_tokens: USED.output },
  };
}

/** Providers repeat what they were given. */
function refusal(key: string): object {
  return { type: "error", error: { type: "authentication_error", message: `the key ${key} was revoked` } };
}
