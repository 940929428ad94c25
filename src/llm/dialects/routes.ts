/** Which requests the gateway serves. */
import type { Route, RoutedProvider } from "./types.ts";

/**
 * The route of a request.
 *
 * @param url the request's target, as it came.
 * @throws Refusal where none is served there.
 */
export function findRoute(method: string, url: string, providers: readonly RoutedProvider[]): Route {
  throw new Error(`not built yet: ${method} ${url} ${providers.length}`);
}
