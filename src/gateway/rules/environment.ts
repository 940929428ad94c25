/** What tells the programs of a session that they reach the network through the proxy. */
import { PROXY_PORT, PROXY_URL } from "./ports.ts";

/** What the proxy must not be asked for: the session's own loopback. */
const NO_PROXY = "127.0.0.1,localhost,::1";

/** Java reads no variable of the others, and separates hosts by bars. */
const JAVA_OPTIONS = [
  ...["http", "https"].flatMap((scheme) => [
    `-D${scheme}.proxyHost=127.0.0.1`,
    `-D${scheme}.proxyPort=${PROXY_PORT}`,
  ]),
  "-Dhttp.nonProxyHosts=localhost|127.*|[::1]",
].join(" ");

/** The variables of a session with `network = "allowlist"`. A profile's own `env` may replace each. */
export function networkEnvironment(): Readonly<Record<string, string>> {
  const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].map((name) => [name, PROXY_URL] as const);
  const bothCases = [...proxies, ["NO_PROXY", NO_PROXY] as const].flatMap(
    ([name, value]): [string, string][] => [
      [name, value],
      [name.toLowerCase(), value],
    ],
  );
  return {
    ...Object.fromEntries(bothCases),
    // Node 24, and 22 from 22.21: its own fetch and http use the proxy. Node 20 has nothing like it.
    NODE_USE_ENV_PROXY: "1",
    JAVA_TOOL_OPTIONS: JAVA_OPTIONS,
  };
}
