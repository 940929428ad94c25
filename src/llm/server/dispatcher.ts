/** The connections to providers, shared by all sessions of a gateway. */
import type { Dispatcher } from "undici";
import { EnvHttpProxyAgent } from "undici";
import type { Environment } from "../../environment.ts";
import { PATIENCE, type Patience } from "./patience.ts";

/**
 * Makes what sends requests to providers. The caller closes it.
 *
 * @param env of which `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` count, in either case of letters.
 */
export function createDispatcher(env: Environment, patience: Patience = PATIENCE): Dispatcher {
  const of = (name: string): string => env[name.toLowerCase()] ?? env[name] ?? "";
  return new EnvHttpProxyAgent({
    // Empty, not undefined: else undici looks into the environment of the process.
    httpProxy: of("HTTP_PROXY"),
    httpsProxy: of("HTTPS_PROXY"),
    noProxy: of("NO_PROXY"),
    allowH2: false,
    connect: { timeout: patience.connectMs },
    headersTimeout: patience.answerMs,
    bodyTimeout: patience.silenceMs,
  });
}
