/** Two servers on this host's loopback: one that a session may reach, and one that it may not. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What both of them answer. */
const PAGE = "the world";

export interface Page {
  /** As an entry of `allow`. */
  readonly host: string;
  readonly connections: () => number;
  close(): void;
}

export async function servePage(): Promise<Page> {
  let connections = 0;
  const server = createServer((_request, response) => response.end(PAGE));
  server.on("connection", () => (connections += 1));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * A shell command for a session: what it reaches, and whether it can write to its image, goes into files of `.runa`.
 */
export function lookAround(pages: Readonly<Record<string, Page>>): string {
  const asked = Object.entries(pages).map(
    // Loopback is the session's own unless the proxy is asked.
    ([name, { host }]) => `curl -sS --noproxy '' http://${host}/ >.runa/${name} 2>&1`,
  );
  return [...asked, "touch /usr/local/bin/mine 2>.runa/root", "cat README.md"].join("; ");
}
