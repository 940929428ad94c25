/** The HTTP API, probes and metrics before a small daemon, and clients that mean no good. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { SessionView } from "../../../src/session-document.ts";
import { freePort } from "../../kit/free-ports.mjs";
import { listed, sealed, STATUS, view } from "../../kit/small-daemon.ts";
import { until } from "../../kit/until.mjs";
import { send, startWebUnderTest, type WebSetUp, type WebUnderTest } from "../../kit/web-under-test.ts";

async function withWeb(setUp: WebSetUp, use: (web: WebUnderTest) => Promise<void>): Promise<void> {
  const web = await startWebUnderTest(setUp);
  try {
    await use(web);
  } finally {
    await web.close();
  }
}

const post = (web: WebUnderTest, method: string, params: unknown = {}) =>
  web.send(`/api/v1/${method}`, { method: "POST", headers: web.asScript, body: JSON.stringify(params) });

describe("the HTTP API", () => {
  it("answers as the daemon does, with its result or its error", async () => {
    await withWeb({}, async (web) => {
      expect((await post(web, "status")).json()).toEqual(STATUS);
      const run = await post(web, "run", { request_id: "r", profile: "demo", work_unit: "w" });
      expect(run.json()).toEqual(view({ work_unit: "w" }));
      const unknown = await post(web, "show", { session: "abc" });
      expect([unknown.status, unknown.json().error]).toEqual([
        404,
        expect.objectContaining({
          code: "unknown_session",
          why: "there is none",
          details: { session: "abc" },
        }),
      ]);
      const wrong = await post(web, "show", { sessions: "abc" });
      expect([wrong.status, wrong.json().error.code]).toEqual([400, "protocol_error"]);
    });
  });

  it.each(["hello", "exec", "fingerprints", "nonsense", "__proto__", "toString"])(
    "has no method %s",
    async (name) => {
      await withWeb({}, async (web) => {
        const reply = await post(web, name);
        expect([reply.status, reply.json().error.code]).toEqual([404, "page_missing"]);
      });
    },
  );

  it("refuses a body that is no JSON object, or larger than the wire's line", async () => {
    await withWeb({}, async (web) => {
      const asking = { method: "POST", headers: web.asScript };
      for (const body of ["[]", "7", "{", "null"]) {
        const reply = await web.send("/api/v1/status", { ...asking, body });
        expect([body, reply.status, reply.json().error.code]).toEqual([body, 400, "protocol_error"]);
      }
      const large = await web.send("/api/v1/status", { ...asking, body: " ".repeat(1024 * 1024 + 1) });
      expect([large.status, large.json().error.code]).toEqual([413, "body_too_large"]);
    });
  });

  it("no longer waits for a session when its client has gone", async () => {
    let waiting = 0;
    const wait = (_params: object, { signal }: { signal: AbortSignal }): Promise<SessionView> => {
      waiting += 1;
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          waiting -= 1;
          reject(signal.reason as Error);
        });
      });
    };
    await withWeb({ handlers: { wait } }, async (web) => {
      const socket = connect(web.port, "127.0.0.1");
      const body = '{"session":"x"}';
      socket.write(
        `POST /api/v1/wait HTTP/1.1\r\nHost: 127.0.0.1:${web.port}\r\nAuthorization: Bearer ${web.token}\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      await until("the daemon's wait", () => waiting === 1);
      socket.destroy();
      await until("its end", () => waiting === 0);
    });
  });

  it("logs each change with its door, and no parameters", async () => {
    await withWeb({}, async (web) => {
      await post(web, "run", { request_id: "r", profile: "demo", request: "a-private-text" });
      const log = web.log.join("");
      expect(log).toContain('"door":"token","method":"run"');
      expect(log).not.toContain("a-private-text");
    });
  });
});

describe("while the daemon is away", () => {
  it("requests get 503, and are answered when it is back", async () => {
    await withWeb({}, async (web) => {
      await web.daemon.server.close();
      const away = await post(web, "status");
      expect([away.status, away.json().error.code]).toEqual([503, "daemon_not_running"]);
      expect((await web.send("/livez")).status).toBe(200);
      const ready = await web.send("/readyz");
      expect([ready.status, ready.json().missing]).toEqual([
        503,
        [expect.objectContaining({ what: "daemon" })],
      ]);
      await until("metrics that say so", async () =>
        (await web.send("/metrics")).text.includes("\nagentd_up 0\n"),
      );
      await web.daemon.next();
      expect((await post(web, "status")).status).toBe(200);
    });
  });
});

describe("readiness", () => {
  it.each([
    ["engine", "the Podman service does not answer"],
    ["disk", "/x (records) has 1 MiB free, but daemon.min_free is 1024 MiB"],
  ] as const)("lacks the %s", async (what, why) => {
    await withWeb({ handlers: { health: async () => ({ missing: [{ what, why }] }) } }, async (web) => {
      const reply = await web.send("/readyz");
      expect([reply.status, reply.json()]).toEqual([503, { ready: false, missing: [{ what, why }] }]);
    });
  });

  it("lacks records that have been incomplete for an hour", async () => {
    let now = 0;
    await withWeb({ monotonic: () => now }, async (web) => {
      expect((await web.send("/readyz")).status).toBe(200);
      now += 60 * 60 * 1000;
      const reply = await web.send("/readyz");
      expect([reply.status, reply.json().missing]).toEqual([
        503,
        [{ what: "records", why: expect.stringContaining("1 record has been incomplete") as string }],
      ]);
      expect((await web.send("/livez")).status).toBe(200);
    });
  });

  it("is there when nothing is missing, and when the daemon ends it is not", async () => {
    await withWeb({}, async (web) => {
      expect((await web.send("/readyz")).json()).toEqual({ ready: true, missing: [] });
      await web.daemon.server.close();
      await web.daemon.next({ status: async () => ({ ...STATUS, state: "draining" }) });
      expect((await web.send("/readyz")).status).toBe(503);
    });
  });
});

describe("metrics", () => {
  it("count each session once that is sealed while agentd web runs, and name none", async () => {
    const before = sealed({ session_id: "0".repeat(16) });
    let sessions = [before];
    const llm = {
      ...{
        requests: 3,
        refused: 1,
        input_tokens: 10,
        cached_tokens: 20,
        output_tokens: 30,
        reasoning_tokens: 0,
      },
      ...{ usd: 0.5, models: ["m-1"], exact: true },
    };
    await withWeb({ handlers: { list: async () => listed(...sessions) } }, async (web) => {
      await until("the first look", async () => (await web.send("/metrics")).text.includes("agentd_up 1"));
      const open = view({ session_id: "1".repeat(16), queued_timestamp: "2026-01-02T03:04:06.000Z" });
      sessions = [open, before];
      const next = sealed({
        ...open,
        state: "sealed",
        outcome: "work_failed",
        llm,
        work_unit: "a-private-name",
      });
      await until("another look", async () => {
        const { text } = await web.send("/metrics");
        sessions = [next, before];
        return text.includes(
          'agentd_sessions_total{profile="demo",outcome="work_failed",trigger="manual"} 1',
        );
      });
      const { text, headers } = await web.send("/metrics");
      expect(headers["content-type"]).toContain("text/plain");
      expect(text).not.toContain('outcome="success"');
      expect(text).toContain('agentd_llm_tokens_total{profile="demo",model="m-1",kind="output"} 30');
      expect(text).toContain('agentd_llm_cost_dollars_total{profile="demo",model="m-1"} 0.5');
      expect(text).toContain('agentd_sessions{state="running"} 2');
      expect(text).toContain("agentd_records_unsealed 1");
      for (const name of [open.session_id, before.session_id, "a-private-name"])
        expect(text).not.toContain(name);
    });
  });

  it("have a listener of their own where it is asked for, with nothing else on it", async () => {
    const port = await freePort();
    await withWeb({ settings: { metricsListen: { host: "127.0.0.1", port } } }, async (web) => {
      expect((await send({ port }, "/metrics")).text).toContain("agentd_up");
      expect((await send({ port }, "/readyz")).status).toBe(200);
      expect((await send({ port }, "/livez", { headers: { host: "evil.example" } })).status).toBe(421);
      const asking = { method: "POST", headers: web.asScript, body: "{}" };
      expect((await send({ port }, "/api/v1/status", asking)).status).toBe(404);
    });
  });
});

describe("clients that mean no good", () => {
  it("are cut off when they are slow, and keep nobody else from an answer: 1,000 connections", async () => {
    const patience = { headersMs: 2_000, requestMs: 3_000, idleMs: 1_000 };
    await withWeb({ patience }, async (web) => {
      const sockets: Socket[] = [];
      let ended = 0;
      for (let index = 0; index < 1_000; index += 1) {
        const socket = connect(web.port, "127.0.0.1").on("error", () => undefined);
        socket.once("close", () => (ended += 1));
        // A third says nothing, a third never ends its headers, a third never ends its body.
        if (index % 3 === 1) socket.write(`POST /login HTTP/1.1\r\nHost: 127.0.0.1:${web.port}\r\n`);
        if (index % 3 === 2) {
          socket.write(
            `POST /login HTTP/1.1\r\nHost: 127.0.0.1:${web.port}\r\nOrigin: ${web.ownPage["origin"] ?? ""}\r\nx-agentd: 1\r\n` +
              "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
          );
        }
        sockets.push(socket);
        await once(socket, "connect");
      }
      expect((await post(web, "status")).status).toBe(200);
      for (const socket of sockets) socket.resume();
      await until("the end of all of them", () => ended === sockets.length);
      expect((await post(web, "status")).status).toBe(200);
    });
  });
});

describe("a second agentd web of the same daemon", () => {
  it("does not start", async () => {
    await withWeb({}, async (web) => {
      const { startWeb } = await import("../../../src/web/web.ts");
      const again = startWeb({
        secretsFile: `${web.daemon.directory}/web.env`,
        pagesDirectory: resolve(import.meta.dirname, "../../../dist/console"),
        ...{ socketPath: web.daemon.path, stateDirectory: `${web.daemon.directory}/state`, version: "0.1.0" },
        settings: {
          listen: { host: "127.0.0.1", port: await freePort() },
          ...{
            allowedHosts: [],
            tokenFile: undefined,
            metricsListen: undefined,
            tls: undefined,
            readOnly: false,
          },
        },
        uid: process.getuid?.() ?? 0,
        ...{ now: Date.now, monotonic: () => performance.now(), hostname: "server-1" },
        sleep: () => Promise.resolve(),
        runAgentd: () => Promise.resolve({ stdout: "", stderr: "" }),
        log: (await import("../../../src/log.ts")).createLogger({ write: () => undefined }, "silent"),
      });
      await expect(again).rejects.toMatchObject({ code: "socket_unusable" });
    });
  });
});
