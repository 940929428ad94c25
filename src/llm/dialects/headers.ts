/** Which headers pass, in both directions, and where a client puts its token. Raw headers are names and values in turn. */
import type { DialectName } from "../prices/types.ts";

/** The headers for the provider, with its real key. The body's length is left to whoever sends it. */
export function requestHeaders(
  dialect: DialectName,
  rawHeaders: readonly string[],
  key: string,
): Record<string, string> {
  throw new Error(`not built yet: ${dialect} ${rawHeaders.length} ${key.length}`);
}

/** The headers for the client, of a provider's answer. */
export function answerHeaders(rawHeaders: readonly string[]): [string, string][] {
  throw new Error(`not built yet: ${rawHeaders.length}`);
}

/** Every token that a request carries; undefined where there is none, or where two differ. */
export function tokenOf(rawHeaders: readonly string[], url: string): string | undefined {
  throw new Error(`not built yet: ${rawHeaders.length} ${url}`);
}
