/** `agentd web` before a real daemon, with real sessions. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sign } from "@octokit/webhooks-methods";
import { OpenAPIClientAxios } from "openapi-client-axios";
import { describe, expect, it } from "vitest";
import { WEBHOOK_LABELS } from "../../src/failpoints.ts";
import { readFeed } from "../kit/feed.mjs";
import { chooseWebPort, startWebOf, writeWebSecrets } from "../kit/house/web.ts";
import { listenersOf } from "../kit/listeners.mjs";
import { until } from "../kit/until.mjs";
import { AtAFailpoint, COUNTING_AGENT, killDaemon, letGo, reaches, startsOf } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

const SECRET = "a secret of GitHub and agentd";

/** What the generated client answers with, of a session. */
interface Answer {
  readonly data: Readonly<Record<string, unknown>> & { readonly session_id: string };
}

/** The port as the kernel writes it. */
const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");

describe("a delivery of a webhook", () => {
  it(
    "starts one session, though the daemon is killed after the answer and the delivery comes again",
    inAWorld(async (world) => {
      const port = await chooseWebPort(world);
      world.profileKeys["webhooks"] = [{ kind: "github", secret_source: "HOOK", work_unit: "{number}" }];
      await world.commitAgent(COUNTING_AGENT);
      // Not before the answer: the daemon dies when a place for the session is there.
      const point = await AtAFailpoint.arm(world, "admitted=wait,staging_made=crash");
      await writeWebSecrets(world, { HOOK: SECRET });
      const web = await startWebOf(world, port);
      const body = '{"number": 42}';
      const deliver = async () =>
        web.send("/hooks/site-builder/default", {
          method: "POST",
          headers: {
            "x-github-event": "issues",
            "x-github-delivery": "d1",
            "x-hub-signature-256": await sign(SECRET, body),
          },
          body,
        });
      const answer = await deliver();
      expect(answer.status).toBe(202);
      await point.hit("admitted");
      await point.goOn("admitted");
      await point.hit("staging_made");
      const { daemon, sandbox } = await world.daemon();
      await until("the daemon's death", () => daemon.ended);
      await point.startDaemonAgain();
      await reaches(world, "running");
      expect((await deliver()).text).toBe(answer.text);
      await letGo(world);
      await reaches(world, "sealed");
      expect(await startsOf(world)).toBe(1);
      const [only, ...others] = await world.records();
      expect([JSON.parse(answer.text), others]).toEqual([{ session_id: only!.id }, []]);
      expect(await readFile(`${only!.path}/agentd/input/event.json`, "utf8")).toBe(body);
      const told = (await readFeed(sandbox.stateDirectory)).filter(({ type }) => type.startsWith("webhook."));
      expect(told.map(({ type, session_id: id }) => [type, id])).toEqual([["webhook.received", only!.id]]);
    }),
  );
});

/** Every step of a delivery on its way to a session, and who is killed there. */
const CELLS = WEBHOOK_LABELS.flatMap((label) =>
  (["agentd web", "the daemon"] as const).map((victim) => ({ label, victim })),
);

describe("a delivery whose way to a session is cut", () => {
  it.each(CELLS)(
    "starts one session when it comes again: $victim is killed at $label",
    async ({ label, victim }) => {
      await inAWorld(async (world) => {
        const port = await chooseWebPort(world);
        world.profileKeys["webhooks"] = [{ kind: "github", secret_source: "HOOK", work_unit: "{number}" }];
        await world.commitAgent(COUNTING_AGENT);
        await writeWebSecrets(world, { HOOK: SECRET });
        const directory = join(world.house.hostFiles, "failpoints");
        await mkdir(directory);
        const armed = `env AGENTD_FAILPOINTS=${label}=wait@1 AGENTD_FAILPOINTS_DIR=${directory} agentd web`;
        const web = await startWebOf(world, port, armed);
        const body = '{"number": 42}';
        const signature = await sign(SECRET, body);
        const deliver = async () =>
          web.send("/hooks/site-builder/default", {
            method: "POST",
            headers: {
              ...{ "x-github-event": "issues", "x-github-delivery": "d1" },
              "x-hub-signature-256": signature,
            },
            body,
          });
        const first = deliver().catch(() => undefined);
        await until(`the failpoint ${label}`, async () => (await readdir(directory)).includes(`${label}.1`));
        if (victim === "agentd web") {
          web.process.signal("SIGKILL");
          await first;
          await startWebOf(world, port);
        } else {
          await killDaemon(world);
          await writeFile(join(directory, `${label}.1.go`), "");
          await first;
          await world.startDaemonAgain();
        }
        const again = await until("an answer to the delivery that comes again", async () => {
          const reply = await deliver();
          return reply.status === 202 ? reply : undefined;
        });
        await reaches(world, "running");
        await letGo(world);
        await reaches(world, "sealed");
        expect(await startsOf(world)).toBe(1);
        const records = await world.records();
        expect(records.map(({ id }) => ({ session_id: id }))).toEqual([JSON.parse(again.text)]);
      })();
    },
  );
});

describe("the HTTP API", () => {
  it(
    "runs the life of a session by a client that is made from its description; without agentd web nothing listens",
    inAWorld(async (world) => {
      const port = await chooseWebPort(world);
      await world.commitAgent(COUNTING_AGENT);
      const { daemon } = await world.daemon();
      const web = await startWebOf(world, port);
      const definition = JSON.parse(
        (await web.send("/api/v1/openapi.json", { headers: { authorization: `Bearer ${web.token}` } })).text,
      ) as object;
      const api = new OpenAPIClientAxios({
        definition: definition as never,
        axiosConfigDefaults: {
          baseURL: web.url,
          headers: { Authorization: `Bearer ${web.token}` },
          proxy: false,
        },
      });
      const client = await api.init();
      const ask = async (method: string, params: object): Promise<Answer> =>
        (await client[method]!(undefined, params)) as Answer;

      const request = { request_id: "once", profile: "site-builder", work_unit: "issue-42" };
      const { data: accepted } = await ask("run", request);
      expect((await ask("run", request)).data.session_id).toBe(accepted.session_id);
      const session = accepted.session_id;
      await reaches(world, "running");
      expect(await listenersOf(daemon.pid)).toEqual([]);
      expect(await listenersOf(web.process.pid)).toEqual([`0100007F:${hex(port)}`]);
      expect((await ask("list", { all: false, limit: 10 })).data).toMatchObject({
        sessions: [{ session_id: session, state: "running" }],
      });
      const waiting = ask("wait", { session });
      await until(
        "output",
        async () => Number((await ask("log", { session, from: 1, count: 5 })).data["total"]) > 2,
      );
      await letGo(world);
      expect((await waiting).data).toMatchObject({ state: "sealed", outcome: "work_failed", exit_code: 5 });
      const { data: log } = await ask("log", { session, from: 1, count: 1 });
      expect(log).toMatchObject({ lines: [{ line: 1, stream: "stdout", text: "begun" }], complete: true });
      const { data: file } = await ask("file", { session, path: "runa/starts", offset: 0, limit: 100 });
      expect(Buffer.from(String(file["data"]), "base64").toString()).toBe("start\n");
      const outside = ask("file", { session, path: "../../etc/passwd", offset: 0, limit: 100 });
      await expect(outside).rejects.toMatchObject({ response: { status: 400 } });
      const { data: stopped } = await ask("stop", { session });
      expect(stopped).toMatchObject({ session_id: session, state: "sealed" });
    }),
  );
});

describe("a session with the host's network", () => {
  it(
    "reaches the port of agentd web and gets no further",
    inAWorld(async (world) => {
      const port = await chooseWebPort(world);
      Object.assign(world.profileKeys, {
        network: "host",
        webhooks: [{ kind: "bearer", secret_source: "HOOK" }],
      });
      await world.commitAgent(`
        ask() {
          path=$1; shift
          wget -q -O- --post-data '{}' --header 'Content-Type: application/json' "$@" http://127.0.0.1:${port}$path 2>&1 | tail -n 1
        }
        wget -q -O- http://127.0.0.1:${port}/livez
        ask /api/v1/run
        ask /api/v1/run --header 'Authorization: Bearer guessed'
        ask /api/v1/run --header 'Cookie: agentd-${port}=guessed' --header 'Origin: http://127.0.0.1:${port}' --header 'x-agentd: 1'
        ask /login --header 'Origin: http://127.0.0.1:${port}' --header 'x-agentd: 1'
        ask /hooks/site-builder/default --header 'Authorization: Bearer guessed'
        find / -name web.sock -o -name web-token -o -name web.env 2> /dev/null | grep -v ^/proc
        cat /proc/[0-9]*/environ 2> /dev/null | tr '\\0' '\\n' | grep -c HOOK=
      `);
      await writeWebSecrets(world, { HOOK: SECRET.replaceAll(" ", "-") });
      await startWebOf(world, port);
      const run = await world.start("agentd run site-builder");
      await run.end();
      expect(run.stdout.toString().split("\n")).toEqual([
        "ok",
        "wget: server returned error: HTTP/1.1 403 Forbidden",
        "wget: server returned error: HTTP/1.1 401 Unauthorized",
        "wget: server returned error: HTTP/1.1 401 Unauthorized",
        "wget: server returned error: HTTP/1.1 403 Forbidden",
        "wget: server returned error: HTTP/1.1 403 Forbidden",
        "0",
        "",
      ]);
      expect(await world.records()).toHaveLength(1);
    }),
  );
});
