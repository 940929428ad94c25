import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { replyWasLost } from "../../../src/podman/service/engine-failure.ts";
import type { EngineService } from "../../../src/podman/service/engine-service.ts";
import { EngineHttp, type EngineRequest } from "../../../src/podman/service/http.ts";

const GET: EngineRequest = { tried: "look at x", method: "GET", path: "/containers/x/json" };
const POST: EngineRequest = {
  tried: "make x",
  method: "POST",
  path: "/containers/create",
  body: { name: "x" },
};

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const drop: Answer = (request) => request.destroy();
const hang: Answer = () => undefined;
const say =
  (status: number, text: string): Answer =>
  (_, response) =>
    response.writeHead(status).end(text);

let directory: string;
let http: EngineHttp;
let answers: Answer[];
let received: string[];
let suspected: number;
const server = createServer((request, response) => {
  received.push(`${request.method} ${request.url}`);
  answers.shift()?.(request, response);
});

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "agentd-http-"));
  const socketPath = join(directory, "engine.sock");
  [answers, received, suspected] = [[], [], 0];
  await new Promise<void>((listening) => server.listen(socketPath, listening));
  const service: EngineService = {
    socketPath,
    start: async () => undefined,
    available: async () => undefined,
    suspect: () => (suspected += 1),
    lastWords: () => "panic: oh no",
    stop: async () => undefined,
  };
  http = new EngineHttp(service);
});
afterEach(async () => {
  http.close();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await rm(directory, { recursive: true });
});

describe("a request to the engine", () => {
  it("returns status and text, whatever the status", async () => {
    answers = [say(404, "no such container")];
    expect(await http.send({ ...GET, query: { all: "true" } })).toEqual({
      status: 404,
      text: "no such container",
    });
    expect(received).toEqual(["GET /v4.0.0/libpod/containers/x/json?all=true"]);
  });

  it("that is refused throws Podman's own message", async () => {
    answers = [say(500, '{"cause":"in use","message":"the name x is in use","response":500}')];
    await expect(http.call(POST)).rejects.toMatchObject({
      code: "engine_failed",
      message: "cannot make x: the name x is in use",
      details: { status: 500, cause: "in use", message: "the name x is in use" },
    });
  });

  it("that may be repeated is sent again when the connection breaks", async () => {
    answers = [drop, say(200, "{}")];
    expect(await http.call(GET)).toEqual({ status: 200, text: "{}" });
    expect(received).toHaveLength(2);
  });

  it("that breaks the service each time is not sent for ever", async () => {
    answers = [drop, drop, drop, say(200, "{}")];
    await expect(http.call(GET)).rejects.toThrow(
      "cannot look at x: the Podman service does not answer; it said: panic: oh no",
    );
    expect(received).toHaveLength(3);
  });

  it("that must not be repeated is sent once, and its error says that the reply was lost", async () => {
    answers = [drop, say(201, "{}")];
    const error: unknown = await http.call(POST).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "engine_unavailable" });
    expect(replyWasLost(error)).toBe(true);
    expect(received).toHaveLength(1);
  });

  it("ends at its deadline, and the service is suspected", async () => {
    answers = [hang];
    await expect(http.call({ ...GET, deadlineMs: 50 })).rejects.toMatchObject({ code: "engine_timeout" });
    expect(suspected).toBe(1);
  });

  it("ends at its deadline also in the middle of a reply", async () => {
    answers = [(_, response) => response.writeHead(200).write("{")];
    await expect(http.call({ ...GET, deadlineMs: 50 })).rejects.toMatchObject({ code: "engine_timeout" });
  });

  it("ends with the reason of its signal", async () => {
    answers = [hang];
    const over = new AbortController();
    const reply = http.call({ ...GET, signal: over.signal });
    over.abort(new Error("enough"));
    await expect(reply).rejects.toThrow("enough");
  });
});

describe("a stream from the engine", () => {
  it("yields JSON values however the lines are cut", async () => {
    answers = [
      (_, response) => {
        response.writeHead(200).write('{"n":1}\n{"n"');
        setTimeout(() => response.end(':2}\n\n{"n":3}'), 10);
      },
    ];
    const values: unknown[] = [];
    for await (const value of await http.stream(GET)) values.push(value);
    expect(values).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it("may last longer than the deadline, which is for its beginning", async () => {
    // Node's own timers are not these.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    let end: () => void = () => undefined;
    answers = [
      (_, response) => {
        response.writeHead(200).flushHeaders();
        end = () => response.end('{"late":true}\n');
      },
    ];
    const stream = await http.stream({ ...GET, deadlineMs: 50 });
    vi.advanceTimersByTime(1_000);
    end();
    const values: unknown[] = [];
    for await (const value of stream) values.push(value);
    expect(values).toEqual([{ late: true }]);
  });

  it("that breaks off throws", async () => {
    answers = [
      (_, response) => {
        response.writeHead(200).write("{}\n");
        setTimeout(() => response.destroy(), 10);
      },
    ];
    const lines = await http.stream(GET);
    await expect(
      (async () => {
        for await (const line of lines) expect(line).toEqual({});
      })(),
    ).rejects.toMatchObject({ code: "engine_unavailable" });
  });
});
