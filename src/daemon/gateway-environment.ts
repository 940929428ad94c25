import type { Environment } from "../environment.ts";

/** How providers are reached where only a proxy leads out, and whose certificates are trusted. Not secrets of agentd. */
const PASSED_ON = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
];

/** What the gateway gets of the daemon's environment. */
export function gatewayEnvironment(environment: Environment): Readonly<Record<string, string>> {
  const passedOn = PASSED_ON.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { PATH: environment["PATH"] ?? "", ...Object.fromEntries(passedOn) };
}
