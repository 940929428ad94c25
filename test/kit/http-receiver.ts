/** A real server on loopback that keeps what it is sent, for messages that go to others. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What was sent. */
export interface Sent {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** And what it was answered with. */
export interface Received extends Sent {
  readonly status: number;
}

export interface HttpReceiver {
  /** Without a slash at the end; any path below it is taken. */
  readonly url: string;
  /** Every request, in its order. */
  readonly requests: readonly Received[];
  /** What it answers with from now on; 200 at first. A function is asked for each request. */
  answer: Answer | ((sent: Sent) => Answer);
  /** The requests that it has taken, to one path. */
  readonly taken: (path: string) => readonly Received[];
  readonly close: () => Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Starts one. Whoever does closes it. */
export async function startHttpReceiver(): Promise<HttpReceiver> {
  const requests: Received[] = [];
  const server = createServer((request, response) => {
    keep(request, response).catch(() => response.destroy());
  });
  const keep = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const sent = { path: request.url ?? "", headers: request.headers, body };
    const { answer } = receiver;
    const { status, headers } = typeof answer === "function" ? answer(sent) : answer;
    requests.push({ ...sent, status });
    response.writeHead(status, headers).end();
  };
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const receiver: HttpReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: { status: 200 },
    taken: (path) => requests.filter((each) => each.path === path && each.status < 300),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
