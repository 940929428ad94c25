/** Where a client wants to go, as it writes it in the request line. */
import { type CanonicalHost, canonicalHost } from "./host-names.ts";

/** A place that a client asked for. */
export type Target = CanonicalHost & { readonly port: number };

/** Longer ones are refused without a look. */
const LONGEST = 512;

/**
 * The target of `CONNECT HOST:PORT`, or of the authority of a URL.
 *
 * @param defaultPort where none is named; undefined: one has to be.
 * @returns undefined when it is none. NUL, `%`, `@` and the like are never part of one.
 */
export function parseTarget(text: string, defaultPort?: number): Target | undefined {
  if (text.length > LONGEST) return undefined;
  const [, hostText = "", portText] = /^(\[[^\]]*\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = portText === undefined ? defaultPort : Number(portText);
  if (port === undefined || port < 1 || port > 65_535) return undefined;
  const found = canonicalHost(hostText);
  return found === undefined ? undefined : { ...found, port };
}

/** A target as one writes it in `allow`. */
export function targetText({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
