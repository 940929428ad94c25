/** What `agentd web` answers: every route, each behind the guard. */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Result } from "../../api/methods.ts";
import { AgentdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Caller } from "../../rpc/client.ts";
import { MAX_REQUEST_BYTES } from "../../rpc/protocol.ts";
import { HOOKS_PATH } from "../../webhooks/hook.ts";
import { errorAnswer } from "../api/error-answer.ts";
import { API_PATH, openApiDocument } from "../api/openapi.ts";
import { changes, isServed, type ServedMethod } from "../api/served-methods.ts";
import { SECURITY_HEADERS } from "../guard/headers.ts";
import { requireHost, requireOwnScript } from "../guard/request-rules.ts";
import { addHooks } from "../hooks/hook-routes.ts";
import type { Hooks } from "../hooks/hooks.ts";
import type { Metrics } from "../probes/metrics.ts";
import type { Readiness } from "../probes/readiness.ts";
import type { OwnCommands } from "../records/own-commands.ts";
import { askedOf, type DoorOptions, enterToRead, enterWithBody } from "./door.ts";
import { addDownloads } from "./downloads.ts";
import { addLive, type LiveOptions } from "./live-routes.ts";
import { addPages, type PageFile } from "./pages.ts";
import { addRecords } from "./record-routes.ts";
import { bodyOf, isReadOnly } from "./request-body.ts";

export interface AppOptions extends DoorOptions, Pick<LiveOptions, "happenings" | "hello" | "sleep"> {
  readonly daemon: Caller;
  readonly commands: OwnCommands;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  readonly hooks: Hooks;
  /** Values of `Host` that are answered. */
  readonly hosts: ReadonlySet<string>;
  readonly readOnly: boolean;
  /** The console. */
  readonly pages: readonly PageFile[];
  /** Of this agentd. */
  readonly version: string;
  readonly log: Logger;
}

type ProbeOptions = Pick<AppOptions, "metrics" | "readiness" | "hosts" | "hasTls" | "log">;

/** Everything: probes, metrics, the HTTP API and the console's logins. */
export function createApp(options: AppOptions): Hono {
  const app = createProbes(options);
  addPages(app, options.pages);
  addLogin(app, options);
  addApi(app, options);
  addHooks(app, options);
  addLive(app, options);
  addRecords(app, options);
  addDownloads(app, options);
  return app;
}

/** Probes and metrics alone: they name no session, and need no login. */
export function createProbes({ metrics, readiness, hosts, hasTls, log }: ProbeOptions): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) context.header(name, value);
    requireHost(askedOf(context, hasTls), hosts);
    await next();
  });
  const limit = bodyLimit({ maxSize: MAX_REQUEST_BYTES, onError: refuseBody });
  // Bodies of webhooks have a bound of their own, on all of them together: their senders are not known yet.
  app.use(async (context, next) => {
    if (context.req.path.startsWith(HOOKS_PATH)) await next();
    else return await limit(context, next);
  });
  app.onError((error, context) => {
    const { status, body } = errorAnswer(error);
    if (status === 500) log.error({ error, path: context.req.path }, "a request failed");
    // An error leaves the headers of the answer behind that was begun.
    const headers = { ...SECURITY_HEADERS, ...(status === 429 ? { "retry-after": "60" } : {}) };
    return context.json(body, status, headers);
  });
  app.notFound((context) => {
    const { path } = context.req;
    throw new AgentdError("page_missing", {
      tried: `answer ${context.req.method} ${path}`,
      why: "there is nothing",
    });
  });
  app.get("/livez", (context) => context.text("ok\n"));
  app.get("/readyz", async (context) => {
    const missing = await readiness.missing();
    return context.json({ ready: missing.length === 0, missing }, missing.length === 0 ? 200 : 503);
  });
  app.get("/metrics", async (context) =>
    context.body(await metrics.text(), 200, { "content-type": metrics.contentType }),
  );
  return app;
}

function addLogin(app: Hono, options: AppOptions): void {
  const { logins, cookie, hasTls, log } = options;
  const attributes = { path: "/", httpOnly: true, sameSite: "Strict", secure: hasTls } as const;
  app.post("/login", async (context) => {
    requireOwnScript(askedOf(context, hasTls));
    const { secret } = await bodyOf(context);
    try {
      setCookie(context, cookie, logins.redeem(typeof secret === "string" ? secret : ""), attributes);
    } catch (error) {
      log.warn("a login was refused");
      throw error;
    }
    log.info("a browser logged in");
    return context.json({});
  });
  app.post("/logout", (context) => {
    enterWithBody(context, options);
    logins.end(getCookie(context, cookie) ?? "");
    deleteCookie(context, cookie, attributes);
    log.info("a browser logged out");
    return context.json({});
  });
}

function addApi(app: Hono, options: AppOptions): void {
  const { daemon, readOnly, version, log } = options;
  app.get(`${API_PATH}openapi.json`, (context) => {
    enterToRead(context, options);
    return context.json(openApiDocument(version));
  });
  app.post(`${API_PATH}:method`, async (context) => {
    const door = enterWithBody(context, options);
    const method = context.req.param("method");
    if (!isServed(method)) {
      throw new AgentdError("page_missing", { tried: `call ${method}`, why: "there is no such method" });
    }
    if (changes(method)) {
      if (readOnly) throw isReadOnly(method);
      log.info({ door, method }, "a change is asked for");
    }
    const params = await bodyOf(context);
    return context.json(await ask(daemon, method, params, context.req.raw.signal));
  });
}

/** The daemon checks the params. */
async function ask(
  daemon: Caller,
  method: ServedMethod,
  params: object,
  signal: AbortSignal,
): Promise<Result<ServedMethod>> {
  return await daemon.call(method, params, { signal });
}

function refuseBody(): never {
  throw new AgentdError("body_too_large", {
    tried: "read the request",
    why: `its body has more than ${MAX_REQUEST_BYTES} bytes`,
    next: "Send long requests and files in pieces, with the method `upload`.",
  });
}
