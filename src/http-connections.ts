/** Connects to servers of others, such as forges: through this host's proxy, trusting the authorities that git trusts here. */
import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import type { Dispatcher } from "undici";

const CONNECT_MS = 30_000;

type Variables = Readonly<Record<string, string | undefined>>;

/** Connections that there are from when something is first sent. */
export interface Connections {
  /** @throws Error as `connectTo`. */
  readonly open: () => Promise<Dispatcher>;
  /** Ends them, if there are any. */
  readonly close: () => Promise<void>;
}

/** Connections as those of `connectTo`, for a daemon that may never send anything. */
export function connections(environment: Variables): Connections {
  let made: Promise<Dispatcher> | undefined;
  return {
    open: async () => {
      made ??= connectTo(environment);
      try {
        return await made;
      } catch (error) {
        made = undefined; // The file may be there the next time.
        throw error;
      }
    },
    close: async () => {
      const dispatcher = await made?.catch(() => undefined);
      await dispatcher?.close();
    },
  };
}

/**
 * A dispatcher for calls over https. The caller closes it. Only now the client is loaded: it takes 20 MB.
 *
 * @param environment of the daemon: its proxy, and the file of authorities that git takes, too.
 * @throws Error when that file cannot be read.
 */
export async function connectTo(environment: Variables): Promise<Dispatcher> {
  const { Agent, EnvHttpProxyAgent } = await import("./http-client.ts");
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
