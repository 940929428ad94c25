/** A server before a mock of a provider, which sees what the mock gets, and changes what it says. */
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Between {
  readonly url: string;
  close(): void;
}

/**
 * Starts the server on loopback; whoever starts it closes it.
 *
 * @param onRequest is told the body of each request, as it came.
 * @param rewrite changes the text of an answer; undefined: answers pass as they come.
 */
export async function standBetween(
  mockUrl: string,
  {
    onRequest = () => undefined,
    rewrite,
  }: { readonly onRequest?: (body: string) => void; readonly rewrite?: (answer: string) => string },
): Promise<Between> {
  const server = createServer((incoming, response) => {
    void (async () => {
      const body = await text(incoming);
      onRequest(body);
      const { method, headers } = incoming;
      const to = request(new URL(incoming.url ?? "/", mockUrl), { method, headers }, (answer) => {
        const { "content-length": length, "transfer-encoding": coding, ...others } = answer.headers;
        const framing =
          rewrite === undefined ? { "content-length": length, "transfer-encoding": coding } : {};
        const known = Object.entries({ ...others, ...framing }).filter(([, value]) => value !== undefined);
        response.writeHead(answer.statusCode ?? 502, Object.fromEntries(known));
        if (rewrite === undefined) answer.pipe(response);
        else void text(answer).then((said) => response.end(rewrite(said)));
      });
      to.on("error", () => response.destroy());
      to.end(body);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
