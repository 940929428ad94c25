/** The composition of `agentd web`: everything is made here, and ended in the opposite order. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { WebSettings } from "../config/config.ts";
import { webSocketPath } from "../config/socket-path.ts";
import { readCredentialsFile } from "../credentials/credentials-file.ts";
import { AgentdError, sentence } from "../errors.ts";
import { type Failpoints, NO_FAILPOINTS } from "../failpoints.ts";
import type { Logger } from "../log.ts";
import { ReleaseStack } from "../release-stack.ts";
import { DaemonLink } from "./daemon-link.ts";
import { ownHosts, pagesUrl } from "./guard/hosts.ts";
import { Logins } from "./guard/logins.ts";
import { readToken } from "./guard/token.ts";
import { Deliveries } from "./hooks/deliveries.ts";
import { Hooks } from "./hooks/hooks.ts";
import { Happenings } from "./live/happenings.ts";
import { Metrics } from "./probes/metrics.ts";
import { Readiness } from "./probes/readiness.ts";
import { OwnCommands, type RunAgentd } from "./records/own-commands.ts";
import { createApp, createProbes } from "./server/app.ts";
import { createControl, listenForConsole } from "./server/control.ts";
import { Listener, type TlsPair, WEB_PATIENCE, type WebPatience } from "./server/listener.ts";
import { readPages } from "./server/pages.ts";

export interface WebOptions {
  readonly settings: WebSettings;
  /** The daemon's socket; the one for logins is beside it. */
  readonly socketPath: string;
  /** Where the deliveries of webhooks are, and the token is made that the settings do not name. */
  readonly stateDirectory: string;
  /** The secrets of webhooks; the file need not be there. */
  readonly secretsFile: string;
  /** Default: none is armed. */
  readonly failpoints?: Failpoints | undefined;
  /** Where the console's files are. */
  readonly pagesDirectory: string;
  readonly uid: number;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds of a clock that only goes forward. */
  readonly monotonic: () => number;
  readonly log: Logger;
  /** Name of this host, for people. */
  readonly hostname: string;
  /** Runs a command of this agentd. */
  readonly runAgentd: RunAgentd;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Default `WEB_PATIENCE`. */
  readonly patience?: WebPatience | undefined;
}

/** An `agentd web` that listens. */
export interface Web {
  /** Address of the pages. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/**
 * Starts to listen.
 *
 * @throws AgentdError `web_unusable`, `token_unusable`, `permissions_unsafe`, `socket_unusable`; nothing is left then.
 */
export async function startWeb(options: WebOptions): Promise<Web> {
  const resources = new ReleaseStack();
  try {
    const url = await start(options, resources);
    return { url, close: () => resources.release() };
  } catch (error) {
    await resources.release();
    throw error;
  }
}

async function start(options: WebOptions, resources: ReleaseStack): Promise<string> {
  const { settings, socketPath, version, now, monotonic, log, uid, sleep, hostname } = options;
  const { listen, metricsListen, allowedHosts, readOnly } = settings;
  const tls = await readTls(settings.tls);
  const hasTls = tls !== undefined;
  const isToken = await readToken({
    path: settings.tokenFile ?? join(options.stateDirectory, "web-token"),
    isOwn: settings.tokenFile === undefined,
    uid,
  });
  const daemon = new DaemonLink({ socketPath, version });
  const logins = new Logins(monotonic);
  const metrics = new Metrics({ daemon, now });
  const readiness = new Readiness({ daemon, now: monotonic });
  const probes = { metrics, readiness, log };
  const { patience = WEB_PATIENCE } = options;
  const hooks = new Hooks({
    ...{ daemon, now, monotonic, log, secretsFile: options.secretsFile },
    deliveries: new Deliveries({
      directory: join(options.stateDirectory, "webhooks"),
      ...{ now, failpoints: options.failpoints ?? NO_FAILPOINTS },
    }),
    secrets: () => readCredentialsFile(options.secretsFile, uid),
  });
  const happenings = new Happenings({ daemon, sleep });
  resources.defer("the daemon's feed", async () => happenings.close());
  const app = createApp({
    ...{ daemon, hooks, logins, isToken, readOnly, version, hasTls, happenings, sleep },
    commands: new OwnCommands(options.runAgentd),
    hello: { host: hostname, version, read_only: readOnly },
    ...probes,
    pages: await readPages(options.pagesDirectory),
    cookie: `agentd-${listen.port}`,
    hosts: ownHosts(listen, allowedHosts),
  });

  const url = pagesUrl(listen, allowedHosts, hasTls);
  // First: another agentd web of this daemon is found before a port is taken.
  const control = await listenForConsole(
    createControl({ logins, url, version, log }),
    webSocketPath(socketPath),
    uid,
  );
  resources.defer("socket for logins", () => control.close());
  const listener = new Listener({ app, tls, patience });
  resources.defer("listener", () => listener.close());
  await listener.listen(listen);
  if (metricsListen !== undefined) {
    const only = createProbes({ ...probes, hasTls, hosts: ownHosts(metricsListen, allowedHosts) });
    const second = new Listener({ app: only, tls, patience });
    resources.defer("listener for metrics", () => second.close());
    await second.listen(metricsListen);
  }
  // So that what is sealed from now on is counted, also before the first scrape.
  void metrics.text();
  log.info({ url, version, readOnly, socket: socketPath }, "agentd web ready");
  if (!hasTls && !isLoopbackUrl(url))
    log.warn("tokens and logins go over the network without TLS of agentd web");
  return url;
}

function isLoopbackUrl(url: string): boolean {
  return /^https?:\/\/(?:127\.|\[::1\])/.test(url);
}

async function readTls(files: WebSettings["tls"]): Promise<TlsPair | undefined> {
  if (files === undefined) return undefined;
  try {
    return { cert: await readFile(files.certificate), key: await readFile(files.key) };
  } catch (error) {
    throw new AgentdError("web_unusable", {
      tried: "read the TLS certificate and its key",
      why: sentence(error),
      next: "Correct web.tls_certificate and web.tls_key.",
      cause: error,
    });
  }
}
