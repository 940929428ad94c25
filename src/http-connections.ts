/** Connects to servers of others, such as forges: through this host's proxy, trusting the authorities that git trusts here. */
import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { Agent, type Dispatcher, EnvHttpProxyAgent } from "undici";

const CONNECT_MS = 30_000;

/**
 * A dispatcher for calls over https. The caller closes it.
 *
 * @param environment of the daemon: its proxy, and the file of authorities that git takes, too.
 * @throws Error when that file cannot be read.
 */
export function connectTo(environment: Readonly<Record<string, string | undefined>>): Dispatcher {
  const file = environment["GIT_SSL_CAINFO"] ?? environment["SSL_CERT_FILE"];
  const ca = file === undefined ? undefined : [...rootCertificates, readFileSync(file, "utf8")];
  const connect = { timeout: CONNECT_MS, ...(ca === undefined ? {} : { ca }) };
  const of = (name: string): string | undefined => environment[name] ?? environment[name.toUpperCase()];
  const httpsProxy = of("https_proxy") ?? of("all_proxy");
  if (httpsProxy === undefined || httpsProxy === "") return new Agent({ connect });
  return new EnvHttpProxyAgent({
    httpProxy: httpsProxy,
    httpsProxy,
    noProxy: of("no_proxy") ?? "",
    requestTls: connect,
    connect,
  });
}
