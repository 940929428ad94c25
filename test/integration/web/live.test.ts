/** The stream of a page, its questions and its downloads: who gets them, what is in them, and when they end. */
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createParser } from "eventsource-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { webSocketPath } from "../../../src/config/socket-path.ts";
import type { FeedEvent } from "../../../src/events/event.ts";
import { consoleScene } from "../../kit/console-scene.ts";
import { until } from "../../kit/until.mjs";
import { send, startWebUnderTest, type WebUnderTest } from "../../kit/web-under-test.ts";

const SESSION = "0198f2a4c6e81234";

let directory: string;
let web: WebUnderTest;
/** What the daemon's feed has besides. */
let told: FeedEvent[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-live-"));
  const scene = consoleScene(Date.now(), directory);
  web = await startWebUnderTest({
    handlers: {
      ...scene.handlers,
      events: async ({ after }, { signal }) => {
        if (after === undefined) return { events: [], after: 7, oldest: 1, latest: 7 };
        while (after + 1 > 7 + told.length) await sleep(20, undefined, { signal });
        return { events: told.slice(after - 7), after: 7 + told.length, oldest: 1, latest: 7 + told.length };
      },
    },
  });
});
afterAll(async () => {
  await web.close();
  await rm(directory, { recursive: true });
});

interface Stream {
  readonly status: number;
  readonly caching: string | undefined;
  readonly seen: [string, unknown][];
  isOver: boolean;
  close: () => void;
}

async function openStream(headers: Readonly<Record<string, string>>): Promise<Stream> {
  return await new Promise((resolve, reject) => {
    const asked = request({
      host: "127.0.0.1",
      port: web.port,
      path: "/console/live",
      headers,
      agent: false,
    });
    asked.on("error", reject);
    asked.on("response", (answer) => {
      const stream: Stream = {
        status: answer.statusCode ?? 0,
        caching: answer.headers["cache-control"],
        seen: [],
        isOver: false,
        close: () => asked.destroy(),
      };
      const parser = createParser({
        onEvent: ({ event = "", data }) => void stream.seen.push([event, JSON.parse(data)]),
      });
      answer.setEncoding("utf8").on("data", (text: string) => parser.feed(text));
      answer.on("close", () => (stream.isOver = true));
      answer.on("error", () => undefined);
      resolve(stream);
    });
    asked.end();
  });
}

/** Headers of the page's own EventSource. */
async function ownStream(): Promise<Record<string, string>> {
  const { cookie = "" } = await web.logIn();
  return { cookie, "sec-fetch-site": "same-origin" };
}

const saw = (stream: Stream, name: string): boolean => stream.seen.some(([event]) => event === name);

describe("the stream of a page", () => {
  it("is for the console's own pages with a login, and for scripts with a token", async () => {
    const own = await ownStream();
    const statuses = await Promise.all(
      [
        {},
        { ...own, "sec-fetch-site": "same-site" },
        { ...own, origin: "http://127.0.0.1:1" },
        { ...own, host: "rebound.example" },
        own,
        { authorization: web.asScript["authorization"] ?? "" },
      ].map(async (headers) => {
        const stream = await openStream(headers);
        stream.close();
        return stream.status;
      }),
    );
    expect(statuses).toEqual([401, 403, 403, 421, 200, 200]);
  });

  it("says what happened to what, and no more, to all pages alike", async () => {
    const streams = await Promise.all([openStream(await ownStream()), openStream(await ownStream())]);
    await until("both are told that the daemon answers", () =>
      Promise.resolve(streams.every((each) => saw(each, "up"))),
    );
    for (const { seen, caching } of streams) {
      expect(seen[0]).toEqual(["hello", { host: "server-1", version: "0.1.0", read_only: false }]);
      expect(caching).toBe("no-store");
    }
    told = [
      {
        ...{
          seq: 8,
          time: "2026-01-02T03:04:05.000Z",
          type: "session.finishing",
          session_id: SESSION,
          profile: "demo",
        },
        ...{ source: "x", source_seq: 1 },
        data: { outcome: "work_failed", exit_code: 5, signal: null, stage: null, cause: "a cause" },
      },
    ];
    await until("both hear of it", () => Promise.resolve(streams.every((each) => saw(each, "feed"))));
    for (const { seen } of streams) {
      expect(seen.find(([event]) => event === "feed")).toEqual([
        "feed",
        [{ type: "session.finishing", session_id: SESSION, profile: "demo" }],
      ]);
    }
    for (const each of streams) each.close();
  });

  it("ends with its login, and tells of a daemon that is away and back", async () => {
    const stream = await openStream(await ownStream());
    await until("it is up", () => Promise.resolve(saw(stream, "up")));
    await web.daemon.server.close();
    await until("it is down", () => Promise.resolve(saw(stream, "down")));
    await web.daemon.next();
    await until("it is up again", () =>
      Promise.resolve(stream.seen.filter(([event]) => event === "up").length === 2),
    );
    await send({ socketPath: webSocketPath(web.daemon.path) }, "/revoke", { method: "POST" });
    await until("it is over", () => Promise.resolve(stream.isOver));
  });
});

describe("what pages ask and load", () => {
  it("is refused without a login, from elsewhere, and in another form", async () => {
    const body = JSON.stringify({ session: SESSION });
    const own = await web.logIn();
    const ask = async (path: string, headers: Readonly<Record<string, string>>, sent = body) =>
      (await web.send(path, { method: "POST", headers, body: sent })).status;
    expect(await ask("/console/journal", web.ownPage)).toBe(401);
    expect(await ask("/console/journal", { ...own, origin: "http://127.0.0.1:1" })).toBe(403);
    expect(await ask("/console/verify-all", { ...own, "x-agentd": "0" })).toBe(403);
    expect(await ask("/console/search", own, JSON.stringify({ session: "../../x", text: "a" }))).toBe(400);
    expect(await ask("/console/usage", own, JSON.stringify({ by: "day", since: "--host=evil" }))).toBe(400);
    expect(
      await ask("/console/usage", own, JSON.stringify({ by: "day", since: "1d", profile: "--json" })),
    ).toBe(400);
  });

  it("is a download that no browser shows, and follows no path out of the record", async () => {
    const { cookie = "" } = await web.logIn();
    const headers = { cookie, "sec-fetch-site": "same-origin" };
    const file = await web.send(`/console/download/file?session=${SESSION}&path=work/changes.patch`, {
      headers,
    });
    expect(file.status).toBe(200);
    expect(file.headers).toMatchObject({
      "content-type": "application/octet-stream",
      "content-disposition": 'attachment; filename="changes.patch"',
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
    const name = await web.send(`/console/download/file?session=${SESSION}&path=a%22%0d%0aset-cookie:x`, {
      headers,
    });
    expect(name.headers["set-cookie"]).toBeUndefined();
    expect((await web.send("/console/download/file?session=..%2f..&path=x", { headers })).status).toBe(400);
    expect((await web.send(`/console/download/log?session=${SESSION}`)).status).toBe(401);
    const elsewhere = { cookie, "sec-fetch-site": "cross-site" };
    expect((await web.send(`/console/download/log?session=${SESSION}`, { headers: elsewhere })).status).toBe(
      403,
    );
  });
});
