/** The names by which a listener is known: a request for any other is not for it, as when a name was rebound. */
import type { ListenAddress } from "../../config/web-schema.ts";
import { isLoopback } from "../../config/web-schema.ts";

/** The values of `Host` that a listener answers to. */
export function ownHosts(listen: ListenAddress, allowed: readonly string[]): ReadonlySet<string> {
  return new Set([...(isLoopback(listen) ? loopbackNames(listen) : []), ...allowed]);
}

/** The address of the pages, as a person opens them. */
export function pagesUrl(listen: ListenAddress, allowed: readonly string[], hasTls: boolean): string {
  const host = isLoopback(listen) ? hostAndPort(listen) : (allowed[0] ?? hostAndPort(listen));
  return `${hasTls ? "https" : "http"}://${host}/`;
}

/** An address as in a URL. */
export function hostAndPort({ host, port }: ListenAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function loopbackNames({ host, port }: ListenAddress): string[] {
  return [hostAndPort({ host, port }), `127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
}
