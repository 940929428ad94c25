import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { replyWasLost } from "../../../src/podman/service/engine-failure.ts";
import type { EngineHttp, EngineRequest } from "../../../src/podman/service/http.ts";
import { type Answer, openScriptedService, say, type ScriptedService } from "./scripted-service.ts";

const GET: EngineRequest = { tried: "look at x", method: "GET", path: "/containers/x/json" };
const POST: EngineRequest = {
  tried: "make x",
  method: "POST",
  path: "/containers/create",
  body: { name: "x" },
};

const drop: Answer = (request) => request.destroy();
const hang: Answer = () => undefined;

let service: ScriptedService;
let http: EngineHttp;
beforeEach(async () => {
  service = await openScriptedService();
  http = service.http;
});
afterEach(() => service.close());

describe("a request to the engine", () => {
  it("returns status and text, whatever the status", async () => {
    service.answers.push(say(404, "no such container"));
    expect(await http.send({ ...GET, query: { all: "true" } })).toEqual({
      status: 404,
      text: "no such container",
    });
    expect(service.received).toEqual(["GET /v4.0.0/libpod/containers/x/json?all=true"]);
  });

  it("that is refused throws Podman's own message", async () => {
    service.answers.push(say(500, '{"cause":"in use","message":"the name x is in use","response":500}'));
    await expect(http.call(POST)).rejects.toMatchObject({
      code: "engine_failed",
      message: "cannot make x: the name x is in use",
      details: { status: 500, cause: "in use", message: "the name x is in use" },
    });
  });

  it("that may be repeated is sent again when the connection breaks", async () => {
    service.answers.push(drop, say(200, "{}"));
    expect(await http.call(GET)).toEqual({ status: 200, text: "{}" });
    expect(service.received).toHaveLength(2);
  });

  it("that breaks the service each time is not sent for ever", async () => {
    service.answers.push(drop, drop, drop, say(200, "{}"));
    await expect(http.call(GET)).rejects.toThrow(
      "cannot look at x: the Podman service does not answer; it said: panic: oh no",
    );
    expect(service.received).toHaveLength(3);
  });

  it("that must not be repeated is sent once, and its error says that the reply was lost", async () => {
    service.answers.push(drop, say(201, "{}"));
    const error: unknown = await http.call(POST).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "engine_unavailable" });
    expect(replyWasLost(error)).toBe(true);
    expect(service.received).toHaveLength(1);
  });

  it("ends at its deadline, and the service is suspected", async () => {
    service.answers.push(hang);
    await expect(http.call({ ...GET, deadlineMs: 50 })).rejects.toMatchObject({ code: "engine_timeout" });
    expect(service.suspected()).toBe(1);
  });

  it("ends at its deadline also in the middle of a reply", async () => {
    service.answers.push((_, response) => response.writeHead(200).write("{"));
    await expect(http.call({ ...GET, deadlineMs: 50 })).rejects.toMatchObject({ code: "engine_timeout" });
  });

  it("ends with the reason of its signal", async () => {
    service.answers.push(hang);
    const over = new AbortController();
    const reply = http.call({ ...GET, signal: over.signal });
    over.abort(new Error("enough"));
    await expect(reply).rejects.toThrow("enough");
  });
});

describe("a stream from the engine", () => {
  it("yields JSON values however the lines are cut", async () => {
    service.answers.push((_, response) => {
      response.writeHead(200).write('{"n":1}\n{"n"');
      setTimeout(() => response.end(':2}\n\n{"n":3}'), 10);
    });
    const values: unknown[] = [];
    for await (const value of await http.stream(GET)) values.push(value);
    expect(values).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it("may last longer than the deadline, which is for its beginning", async () => {
    // Node's own timers are not these.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    let end: () => void = () => undefined;
    service.answers.push((_, response) => {
      response.writeHead(200).flushHeaders();
      end = () => response.end('{"late":true}\n');
    });
    const stream = await http.stream({ ...GET, deadlineMs: 50 });
    vi.advanceTimersByTime(1_000);
    end();
    const values: unknown[] = [];
    for await (const value of stream) values.push(value);
    expect(values).toEqual([{ late: true }]);
  });

  it("that breaks off throws", async () => {
    service.answers.push((_, response) => {
      response.writeHead(200).write("{}\n");
      setTimeout(() => response.destroy(), 10);
    });
    const lines = await http.stream(GET);
    await expect(
      (async () => {
        for await (const line of lines) expect(line).toEqual({});
      })(),
    ).rejects.toMatchObject({ code: "engine_unavailable" });
  });
});
