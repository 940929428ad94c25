/** A real `agentd web` in this process, before a small daemon, and requests to it with any headers. */
import { readFile } from "node:fs/promises";
import { type IncomingHttpHeaders, request } from "node:http";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Handlers } from "../../src/api/handlers.ts";
import { ownAgentd } from "../../src/cli/own-agentd.ts";
import type { WebSettings } from "../../src/config/config.ts";
import { webSocketPath } from "../../src/config/socket-path.ts";
import type { Failpoints } from "../../src/failpoints.ts";
import { createLogger } from "../../src/log.ts";
import type { RunAgentd } from "../../src/web/records/own-commands.ts";
import type { WebPatience } from "../../src/web/server/listener.ts";
import { startWeb, type Web } from "../../src/web/web.ts";
import { AGENTD } from "./agentd.mjs";
import { freePort } from "./free-ports.mjs";
import { type SmallDaemon, startSmallDaemon } from "./small-daemon.ts";

/** What answers have, each some of it. */
export interface AnswerBody {
  readonly error: { readonly code: string; readonly why: string; readonly details: unknown };
  readonly missing: readonly unknown[];
  readonly ended: number;
  readonly url: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON. */
  readonly json: () => AnswerBody;
}

export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request to a port of this host, or to a Unix socket, with these headers and no others that matter. */
export async function send(
  target: { readonly port: number } | { readonly socketPath: string },
  path: string,
  { method = "GET", headers = {}, body }: Asking = {},
): Promise<Reply> {
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      { host: "127.0.0.1", ...target, path, method, headers, agent: false },
      (answer) => {
        const pieces: Buffer[] = [];
        answer.on("data", (piece: Buffer) => pieces.push(piece));
        answer.on("error", reject);
        answer.on("end", () => {
          const text = Buffer.concat(pieces).toString();
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text,
            json: () => JSON.parse(text) as AnswerBody,
          });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

export interface WebUnderTest {
  readonly daemon: SmallDaemon;
  readonly web: Web;
  readonly port: number;
  readonly token: string;
  /** The token as a script sends it, with the type of a body. */
  readonly asScript: Readonly<Record<string, string>>;
  /** Lines of the log of `agentd web`. */
  readonly log: readonly string[];
  readonly send: (path: string, asking?: Asking) => Promise<Reply>;
  /** A secret for one login. */
  readonly mint: () => Promise<string>;
  /** Headers of a script of the console's own page, with a login. */
  readonly logIn: () => Promise<Record<string, string>>;
  /** Those headers without a login. */
  readonly ownPage: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

export interface WebSetUp {
  readonly handlers?: Partial<Handlers>;
  readonly settings?: Partial<WebSettings>;
  readonly patience?: WebPatience;
  readonly failpoints?: Failpoints;
  /** Milliseconds of a clock that only goes forward; default: the real one. */
  readonly monotonic?: () => number;
  /** Default: the built program, with state of its own. */
  readonly runAgentd?: RunAgentd;
}

export async function startWebUnderTest({
  handlers,
  settings,
  patience,
  failpoints,
  monotonic = () => performance.now(),
  runAgentd: givenRun,
}: WebSetUp = {}): Promise<WebUnderTest> {
  const daemon = await startSmallDaemon(handlers);
  const state = join(daemon.directory, "state");
  const runAgentd =
    givenRun ??
    ownAgentd({
      host: { env: { PATH: process.env["PATH"], HOME: state, XDG_STATE_HOME: state } },
      options: { socket: daemon.path },
      node: process.execPath,
      program: AGENTD,
    });
  const port = settings?.listen?.port ?? (await freePort());
  const log: string[] = [];
  const web = await startWeb({
    settings: {
      listen: { host: "127.0.0.1", port },
      allowedHosts: [],
      tokenFile: undefined,
      metricsListen: undefined,
      tls: undefined,
      readOnly: false,
      ...settings,
    },
    socketPath: daemon.path,
    stateDirectory: join(daemon.directory, "state"),
    secretsFile: join(daemon.directory, "web.env"),
    pagesDirectory: resolve(import.meta.dirname, "../../dist/console"),
    uid: process.getuid?.() ?? 0,
    version: "0.1.0",
    now: Date.now,
    monotonic,
    hostname: "server-1",
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    runAgentd,
    log: createLogger({ write: (line) => void log.push(line) }, "info"),
    ...{ patience, failpoints },
  });
  const token = (await readFile(join(daemon.directory, "state", "web-token"), "utf8")).trim();
  const own = (path: string, asking?: Asking): Promise<Reply> => send({ port }, path, asking);
  const socketPath = webSocketPath(daemon.path);
  const mint = async (): Promise<string> => {
    const { url } = (await send({ socketPath }, "/login", { method: "POST" })).json();
    return new URL(url).hash.replace("#login=", "");
  };
  const ownPage = {
    origin: `http://127.0.0.1:${port}`,
    "content-type": "application/json",
    "x-agentd": "1",
    "sec-fetch-site": "same-origin",
  };
  return {
    ...{ daemon, web, port, token, log, mint, ownPage },
    send: own,
    asScript: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    logIn: async () => {
      const secret = await mint();
      const body = JSON.stringify({ secret });
      const { headers } = await own("/login", { method: "POST", headers: ownPage, body });
      const [cookie = ""] = (headers["set-cookie"]?.[0] ?? "").split(";");
      return { ...ownPage, cookie };
    },
    close: async () => {
      await web.close();
      await daemon.server.close();
      await daemon.stop();
    },
  };
}
