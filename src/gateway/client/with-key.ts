import type { ControlParams, OpenSession } from "../control/control-protocol.ts";

/** A session with the new key of its provider, where it has that one at that address. */
export function withKey(
  request: OpenSession,
  { provider, base_url: baseUrl, key }: ControlParams<"rotate">,
): OpenSession {
  if (request.llm === undefined) return request;
  const providers = request.llm.providers.map((each) =>
    each.name === provider && each.base_url === baseUrl ? { ...each, key } : each,
  );
  return { ...request, llm: { ...request.llm, providers } };
}
