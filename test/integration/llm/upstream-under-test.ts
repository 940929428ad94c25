/** A provider of the test's own: it counts what reaches it, and answers in all dialects as the test says. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export type Answer = (seen: SeenRequest, response: ServerResponse) => unknown;

export class UpstreamUnderTest {
  readonly #server: Server;
  readonly seen: SeenRequest[] = [];
  answer: Answer;

  private constructor(answer: Answer) {
    this.answer = answer;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(answer: Answer): Promise<UpstreamUnderTest> {
    const upstream = new UpstreamUnderTest(answer);
    upstream.#server.listen(0, "127.0.0.1");
    await once(upstream.#server, "listening");
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on("error", () => undefined);
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = "", url = "", headers, rawHeaders } = request;
      const seen = { method, url, headers, rawHeaders, body: Buffer.concat(chunks).toString() };
      this.seen.push(seen);
      await this.answer(seen, response);
    } catch {
      response.destroy();
    }
  }
}

export function json(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

/** Server-sent events with their names, as the providers write them. */
export function events(response: ServerResponse, list: readonly object[], end = true): void {
  if (!response.headersSent) response.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of list) {
    const { type } = event as { readonly type?: string };
    response.write(`${type === undefined ? "" : `event: ${type}\n`}data: ${JSON.stringify(event)}\n\n`);
  }
  if (end) response.end();
}

/** Usage in the words of each API. */
export const usage = {
  messages: (input: number, output: number) => ({ input_tokens: input, output_tokens: output }),
  responses: (input: number, output: number) => ({
    input_tokens: input,
    output_tokens: output,
    total_tokens: input + output,
  }),
  chat: (input: number, output: number) => ({
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
  }),
  gemini: (input: number, output: number) => ({
    promptTokenCount: input,
    candidatesTokenCount: output,
    totalTokenCount: input + output,
  }),
};

export function message(input: number, output: number, fields: object = {}): object {
  const content = [{ type: "text", text: "done" }];
  const rest = { role: "assistant", content, stop_reason: "end_turn", ...fields };
  return { id: "msg_1", type: "message", model: "test-model", usage: usage.messages(input, output), ...rest };
}
