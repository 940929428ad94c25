/** One contract for all kinds of sinks: every event, in order, through failures and restarts. */
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { createServer as createNetServer } from "node:net";
import { join } from "node:path";
import { CloudEvent } from "cloudevents";
import { pino } from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { connections } from "../../../src/http-connections.ts";
import { fileSink } from "../../../src/sinks/file-sink.ts";
import { httpSink } from "../../../src/sinks/http-sink.ts";
import { journaldSink } from "../../../src/sinks/journald-sink.ts";
import type { Sink } from "../../../src/sinks/sink.ts";
import { SinkRunner } from "../../../src/sinks/sink-runner.ts";
import { startHttpReceiver } from "../../kit/http-receiver.ts";
import { MemoryFeed, sealedEvent } from "../../kit/memory-feed.ts";
import { temporaryDirectory } from "../../kit/record-fixture.ts";

/** A sink, and the far end of it. */
interface FarEnd {
  readonly sink: () => Sink;
  /** Numbers of the events that have arrived. */
  readonly arrived: () => Promise<number[]>;
  readonly breakIt: () => Promise<void>;
  readonly mend: () => Promise<void>;
}

async function file(): Promise<FarEnd> {
  const place = join(await temporaryDirectory(), "log");
  const path = join(place, "events.jsonl");
  await mkdir(place);
  return {
    sink: () => fileSink(path),
    arrived: async () =>
      (await readFile(path, "utf8").catch(() => ""))
        .split("\n")
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as { seq: number }).seq),
    breakIt: () => rename(place, `${place}-away`),
    mend: () => rename(`${place}-away`, place),
  };
}

async function http(): Promise<FarEnd> {
  const got: number[] = [];
  let status = 200;
  const server = await startHttpReceiver();
  server.answer = ({ headers, body }) => {
    expect(headers["content-type"]).toMatch(/^application\/cloudevents-batch\+json/);
    // Throws for what is no CloudEvent 1.0.
    const valid = (JSON.parse(body) as Record<string, unknown>[]).map((event) => new CloudEvent(event, true));
    if (status === 200) got.push(...valid.map(({ id }) => Number(id)));
    return { status };
  };
  const { open: connect, close } = connections({});
  onTestFinished(async () => {
    await close();
    await server.close();
  });
  const options = { url: () => `${server.url}/events`, from: "url", instance: "0a1b2c3d" };
  return {
    sink: () => httpSink({ ...options, connect, now: Date.now }),
    arrived: () => Promise.resolve([...got]),
    breakIt: () => Promise.resolve(void (status = 503)),
    mend: () => Promise.resolve(void (status = 200)),
  };
}

async function journald(): Promise<FarEnd> {
  const path = join(await temporaryDirectory(), "stdout");
  let text = "";
  const sockets = new Set<{ destroy: () => void }>();
  const begin = async () => {
    const server = createNetServer((socket) => {
      sockets.add(socket);
      socket.on("data", (chunk) => (text += chunk.toString()));
      socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => void server.listen(path, resolve));
    return server;
  };
  let server = await begin();
  onTestFinished(() => void server.close());
  return {
    sink: () => journaldSink(path),
    arrived: () =>
      Promise.resolve(
        [...text.matchAll(/^<[456]>(\{.*\})$/gm)].map(
          ([, json = ""]) => (JSON.parse(json) as { seq: number }).seq,
        ),
      ),
    breakIt: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await rm(path, { force: true });
    },
    mend: async () => void (server = await begin()),
  };
}

describe.each([
  ["a file", file],
  ["an address", http],
  ["the journal", journald],
])("a sink that is %s", (_what, make) => {
  it("gets every event in order, through failures and restarts", async () => {
    const { sink, arrived, breakIt, mend } = await make();
    const feed = new MemoryFeed();
    const cursorFile = join(await temporaryDirectory(), "sinks/cursor");
    const open = async (): Promise<SinkRunner> => {
      const sleep = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 20));
      const log = pino({ level: "silent" });
      const runner = await SinkRunner.open({ name: "it", sink: sink(), feed, cursorFile, log, sleep });
      runner.start();
      return runner;
    };
    const add = async (count: number): Promise<void> => {
      for (let each = 0; each < count; each += 1) await feed.append(sealedEvent("demo", "success"));
    };
    // A runner that is closed before the answer has come delivers those events again: at least once.
    const first = async (): Promise<number[]> => [...new Set(await arrived())];
    await add(1);
    let runner = await open();
    await add(250);
    const all = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index);
    await expect.poll(first, { timeout: 10_000 }).toEqual(all(2, 251));
    await runner.close();
    await add(10);
    runner = await open();
    await expect.poll(first, { timeout: 10_000 }).toEqual(all(2, 261));
    await breakIt();
    await add(5);
    await expect.poll(() => runner.why, { timeout: 10_000 }).toBeDefined();
    await mend();
    await add(5);
    await expect.poll(first, { timeout: 10_000 }).toEqual(all(2, 271));
    await expect.poll(() => runner.behind, { timeout: 10_000 }).toBe(0);
    await runner.close();
  });
});
